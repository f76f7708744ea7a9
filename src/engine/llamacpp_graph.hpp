// The prompt graph of llama.cpp as a list of tensors: what each is computed from, its shape and strides, and
// where the buffers of weights and caches live. It mirrors what src/models/*.cpp and llama-graph.cpp of
// llama.cpp build, so that scheduler and allocator (llamacpp_schedule.hpp, llamacpp_allocator.hpp) can be
// followed on it.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <vector>

#include "qwenfit/catalog.hpp"
#include "qwenfit/units.hpp"

namespace qwenfit::engine::llamacpp {

/// Element type: `block` elements take `bytes` bytes.
struct Type {
  std::int16_t block = 1;
  std::int16_t bytes = 4;
  bool quantized = false;
  bool half = false;  ///< IEEE 16 bit, which attention kernels read as it is
  bool operator==(const Type&) const = default;
};
inline constexpr Type kF32{1, 4, false, false};
inline constexpr Type kF16{1, 2, false, true};
inline constexpr Type kI32{1, 4, false, false};
inline constexpr Type kI64{1, 8, false, false};
Type type_of(const catalog::DType& type);

constexpr Bytes align_up(Bytes size, Bytes step) {
  return units::ceil_div(size, step) * step;
}

/// Rows of quantized matrices are readable up to a multiple of so many elements on CUDA (MATRIX_ROW_PADDING).
inline constexpr std::int64_t kRowStep = 512;

/// Kinds of operation, as far as scheduler and allocator tell them apart.
enum class Op : std::uint8_t {
  none,     ///< weights, caches, inputs
  reshape,  ///< views cost nothing; the fusions of the CUDA backend look for these two
  view,
  permute,   ///< and transpose
  in_place,  ///< may take over the memory of an operand: scale, clamp, unary ...
  add,
  mul,
  rms_norm,
  rope,
  soft_max,
  mul_mat,
  mul_mat_id,
  get_rows,
  flash_attention,
  argsort,
  sum_rows,
  write,  ///< into a cache: set_rows, copies, scaling in place
  other,  ///< always new memory: glu, concat, repeat, convolution ...
};

constexpr bool is_view(Op op) {
  return op == Op::none || op == Op::reshape || op == Op::view || op == Op::permute;
}

using Index = std::int32_t;
inline constexpr Index kNone = -1;
inline constexpr int kSources = 6;
using Shape = std::array<std::int64_t, 4>;

struct Tensor {
  Shape ne{1, 1, 1, 1};  ///< elements per dimension, the fastest first
  Shape nb{0, 0, 0, 0};  ///< bytes between neighbours of each dimension
  std::array<Index, kSources> src{kNone, kNone, kNone, kNone, kNone, kNone};
  Index view_of = kNone;     ///< the tensor whose memory this one shares
  std::int16_t layer = -1;   ///< of weights and of attention; -1: of none
  std::int16_t home = -1;    ///< backend of the buffer that holds it; -1: planned memory
  std::int16_t forced = -1;  ///< backend that llama.cpp pins the operation to
  Op op = Op::none;
  Type type = kF32;
  bool weight = false;
  std::int16_t role = -1;  ///< model::Role of a weight whose type the file decides
  bool input = false;
  bool output = false;
  bool fused_check = false;  ///< flash attention is given up when this runs on another device than its layer

  std::int64_t elements() const { return ne[0] * ne[1] * ne[2] * ne[3]; }
  std::int64_t rows() const { return ne[1] * ne[2] * ne[3]; }
  Bytes bytes() const;
  bool contiguous() const;
  /// The same elements one after another in another type.
  Tensor stored_as(Type other) const;
};

/// Tensors in the order of creation, and the order of execution that follows from what is asked for.
class Graph {
 public:
  std::vector<Tensor> tensors;
  std::vector<Index> nodes;   ///< operations, in order
  std::vector<Index> leaves;  ///< weights, caches, inputs, in the order they are first met
  std::vector<Index> layers;  ///< number of tensors ahead of each layer

  void clear();
  const Tensor& operator[](Index i) const { return tensors[static_cast<std::size_t>(i)]; }
  Tensor& operator[](Index i) { return tensors[static_cast<std::size_t>(i)]; }

  Index input(Type type, Shape ne);
  Index stored(Type type, Shape ne, int home, bool weight);  ///< a weight or a cache
  Index leaf(Type type, Shape ne);                           ///< planned memory that nothing computes

  Index make(Op op, Type type, Shape ne, std::initializer_list<Index> src);
  Index like(Op op, Index a, std::initializer_list<Index> src);  ///< shape and type of `a`
  /// Writes into the memory of `target`.
  Index write(Index target, std::initializer_list<Index> src);
  Index reshape(Index a, Shape ne);
  Index view(Index a, Shape ne, std::int64_t nb1, std::int64_t nb2, std::int64_t nb3);
  Index view_2d(Index a, std::int64_t ne0, std::int64_t ne1, std::int64_t nb1);
  /// @param to where each dimension goes
  Index permute(Index a, std::array<std::size_t, 4> to);
  Index transpose(Index a) { return permute(a, {1, 0, 2, 3}); }

  Index mul_mat(Index w, Index x);
  Index mul_mat_id(Index experts, Index x, Index ids);
  Index get_rows(Index a, Index ids);
  Index cont(Index a, Shape ne);
  Index cont(Index a) { return cont(a, (*this)[a].ne); }
  /// The copy reads itself too, as ggml_cast makes it.
  Index cast(Index a, Type type);
  Index add(Index a, Index b) { return like(Op::add, a, {a, b}); }
  Index mul(Index a, Index b) { return like(Op::mul, a, {a, b}); }
  Index unary(Index a) { return like(Op::in_place, a, {a}); }
  Index scale(Index a) { return like(Op::in_place, a, {a}); }
  Index rms_norm(Index a) { return like(Op::rms_norm, a, {a}); }

  /// Puts `i` and all that it needs into the order of execution, operands first, left to right.
  void expand(Index i);

 private:
  void visit(Index i);

  std::vector<char> seen_;  ///< whether a tensor has its place in the order; bytes, as it is asked often
};

}  // namespace qwenfit::engine::llamacpp
