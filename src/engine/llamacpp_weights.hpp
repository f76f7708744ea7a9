// What the layers of a file weigh in buffers of cards and host, added up once per file.
#pragma once

#include <memory>
#include <vector>

#include "llamacpp_prompt.hpp"

namespace qwenfit::engine::llamacpp {

/// Bytes in a buffer of a card and of the host. They differ in padding.
struct BufferBytes {
  Bytes card = 0;
  Bytes host = 0;
};

struct LayerBytes {
  BufferBytes rest;     ///< all but the experts
  BufferBytes experts;  ///< routed ones: what --n-cpu-moe moves
};

struct WeightTable {
  std::vector<LayerBytes> layers;      ///< of the file: trunk, then MTP blocks
  BufferBytes ends;                    ///< final norm and head, without a tied one
  Bytes tied_head = 0;                 ///< a second copy of the embedding, on the card of the head
  Bytes input = 0;                     ///< embedding and n-gram table: always on the host
  std::vector<TypeSet> types;          ///< distinct ones
  std::vector<std::int16_t> type_set;  ///< of each layer, MTP blocks last: index into `types`
  TypeSet end_types;
};

/// Bytes that one tensor takes of a buffer: whole alignment steps; on cards rows of quantized matrices are
/// readable up to the next 512 elements (ggml_backend_cuda_buffer_type_get_alloc_size).
Bytes buffer_bytes(Bytes bytes, Type type, std::int64_t row, bool on_card);

/// The table of these weights; kept for the files used last. Not for use from several threads at once: every
/// thread has its own.
std::shared_ptr<const WeightTable> weight_table(const std::shared_ptr<const format::Weights>& weights);

}  // namespace qwenfit::engine::llamacpp
