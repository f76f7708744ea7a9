#include "llamacpp_graph.hpp"

#include <algorithm>

namespace qwenfit::engine::llamacpp {
namespace {

Shape packed(Type type, const Shape& ne) {
  Shape nb;
  nb[0] = type.bytes;
  nb[1] = (type.block == 1 ? ne[0] : ne[0] / type.block) * type.bytes;  // division is slow
  nb[2] = nb[1] * ne[1];
  nb[3] = nb[2] * ne[2];
  return nb;
}

}  // namespace

Type type_of(const catalog::DType& type) {
  return {static_cast<std::int16_t>(type.block), static_cast<std::int16_t>(type.bytes), type.block > 1,
          type.id == "f16"};
}

Bytes Tensor::bytes() const {
  for (const std::int64_t n : ne) {
    if (n == 0) return 0;
  }
  Bytes sum = type.block == 1 ? type.bytes : ne[0] * nb[0] / type.block;
  for (std::size_t d = type.block == 1 ? 0 : 1; d < 4; ++d) sum += (ne[d] - 1) * nb[d];
  return sum;
}

bool Tensor::contiguous() const {
  std::int64_t next = type.bytes;
  for (std::size_t d = 0; d < 4; ++d) {
    if (ne[d] != 1 && nb[d] != next) return false;
    next *= d == 0 ? ne[0] / type.block : ne[d];
  }
  return true;
}

Tensor Tensor::stored_as(Type other) const {
  Tensor t = *this;
  t.type = other;
  t.nb = packed(other, ne);
  return t;
}

void Graph::clear() {
  tensors.clear();
  nodes.clear();
  leaves.clear();
  layers.clear();
  seen_.clear();
}

Index Graph::make(Op op, Type type, Shape ne, std::initializer_list<Index> src) {
  Tensor& t = tensors.emplace_back();
  t.op = op;
  t.type = type;
  t.ne = ne;
  t.nb = packed(type, ne);
  std::copy(src.begin(), src.end(), t.src.begin());
  return static_cast<Index>(tensors.size() - 1);
}

Index Graph::like(Op op, Index a, std::initializer_list<Index> src) {
  return make(op, (*this)[a].type, (*this)[a].ne, src);
}

Index Graph::input(Type type, Shape ne) {
  const Index i = make(Op::none, type, ne, {});
  (*this)[i].input = true;
  return i;
}

Index Graph::stored(Type type, Shape ne, int home, bool weight) {
  const Index i = make(Op::none, type, ne, {});
  (*this)[i].home = static_cast<std::int16_t>(home);
  (*this)[i].weight = weight;
  return i;
}

Index Graph::leaf(Type type, Shape ne) {
  return make(Op::none, type, ne, {});
}

Index Graph::write(Index target, std::initializer_list<Index> src) {
  const Index i = like(Op::write, target, src);
  Tensor& t = (*this)[i];
  t.nb = (*this)[target].nb;
  t.view_of = (*this)[target].view_of == kNone ? target : (*this)[target].view_of;
  return i;
}

Index Graph::reshape(Index a, Shape ne) {
  const Index i = make(Op::reshape, (*this)[a].type, ne, {a});
  (*this)[i].view_of = (*this)[a].view_of == kNone ? a : (*this)[a].view_of;
  return i;
}

Index Graph::view(Index a, Shape ne, std::int64_t nb1, std::int64_t nb2, std::int64_t nb3) {
  const Index i = reshape(a, ne);
  Tensor& t = (*this)[i];
  t.op = Op::view;
  t.nb = {t.nb[0], nb1, nb2, nb3};
  return i;
}

Index Graph::view_2d(Index a, std::int64_t ne0, std::int64_t ne1, std::int64_t nb1) {
  return view(a, {ne0, ne1, 1, 1}, nb1, nb1 * ne1, nb1 * ne1);
}

Index Graph::permute(Index a, std::array<std::size_t, 4> to) {
  const Index i = reshape(a, (*this)[a].ne);
  const Tensor& from = (*this)[a];
  Tensor& t = (*this)[i];
  t.op = Op::permute;
  for (std::size_t d = 0; d < 4; ++d) {
    t.ne[to[d]] = from.ne[d];
    t.nb[to[d]] = from.nb[d];
  }
  return i;
}

Index Graph::mul_mat(Index w, Index x) {
  const Shape& a = (*this)[w].ne;
  const Shape& b = (*this)[x].ne;
  return make(Op::mul_mat, kF32, {a[1], b[1], b[2], b[3]}, {w, x});
}

Index Graph::mul_mat_id(Index experts, Index x, Index ids) {
  return make(Op::mul_mat_id, kF32, {(*this)[experts].ne[1], (*this)[ids].ne[0], (*this)[x].ne[2], 1},
              {experts, x, ids});
}

Index Graph::get_rows(Index a, Index ids) {
  const Shape& b = (*this)[ids].ne;
  return make(Op::get_rows, kF32, {(*this)[a].ne[0], b[0], b[1], b[2]}, {a, ids});
}

Index Graph::cont(Index a, Shape ne) {
  return make(Op::other, (*this)[a].type, ne, {a});
}

Index Graph::cast(Index a, Type type) {
  const Index i = make(Op::other, type, (*this)[a].ne, {a});
  (*this)[i].src[1] = i;
  return i;
}

void Graph::expand(Index i) {
  seen_.resize(tensors.size());
  if (!seen_[static_cast<std::size_t>(i)]) visit(i);
}

void Graph::visit(Index i) {
  seen_[static_cast<std::size_t>(i)] = 1;
  const Tensor& t = (*this)[i];
  for (const Index s : t.src) {
    if (s != kNone && !seen_[static_cast<std::size_t>(s)]) visit(s);
  }
  (t.op == Op::none ? leaves : nodes).push_back(i);
}

}  // namespace qwenfit::engine::llamacpp
