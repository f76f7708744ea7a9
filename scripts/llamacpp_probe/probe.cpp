// Loads GGUF headers with llama.cpp without allocating and prints what its buffers would be. Built by
// scripts/check_llamacpp.py against a llama.cpp checkout.
//
// A stand-in for CUDA cards takes part: a backend that computes nothing and follows the CUDA backend's rules
// where they decide about memory (ggml-cuda.cu: buffer alignment and padding, operations it takes, scratch of
// its attention kernels, operands that fused kernels keep alive).
//
// Input, one line a setting:  FILE cards ngl cpu_moe ctx batch ubatch slots unified outputs type_k type_v fa
//                             embeds drafted shares (one a card)
// Output, one line each:      for every card, then the host: model context compute  (bytes)
// With drafted tokens, the MTP block's own context is among them.
#include <cstdio>
#include <cstring>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "ggml-backend-impl.h"
#include "ggml-backend.h"
#include "ggml-impl.h"
#include "llama-ext.h"
#include "llama.h"

namespace {

constexpr int kMostCards = 16;
constexpr int64_t kOffloadedRows = 32;
int g_cards = 1;
ggml_backend_reg g_reg;
ggml_backend_device g_devices[kMostCards];
ggml_backend_buffer_type g_bufts[kMostCards];
std::string g_names[kMostCards];

size_t scratch(const ggml_tensor* t) {
  size_t size = ggml_nbytes(t);
  for (int i = 1; i <= 2; ++i) {
    const ggml_tensor* cache = t->src[i];
    const bool direct = t->src[0]->ne[1] <= (ggml_is_quantized(cache->type) ? 2 : 1);
    if (cache->type == GGML_TYPE_F16 || direct) continue;
    size = GGML_PAD(size, 128) + ggml_nelements(cache) * 2;
  }
  return size;
}

size_t alloc_size(ggml_backend_buffer_type_t, const ggml_tensor* t) {
  size_t size = t->op == GGML_OP_FLASH_ATTN_EXT ? scratch(t) : ggml_nbytes(t);
  if (ggml_is_quantized(t->type) && t->ne[0] % 512 != 0) size += ggml_row_size(t->type, 512 - t->ne[0] % 512);
  return size;
}

// Nothing is stored: addresses are numbers.
ggml_backend_buffer_t alloc_buffer(ggml_backend_buffer_type_t buft, size_t size) {
  ggml_backend_buffer_i iface{};
  iface.get_base = [](ggml_backend_buffer_t) { return reinterpret_cast<void*>(uintptr_t{1} << 40); };
  iface.memset_tensor = [](ggml_backend_buffer_t, ggml_tensor*, uint8_t, size_t, size_t) {};
  iface.set_tensor = [](ggml_backend_buffer_t, ggml_tensor*, const void*, size_t, size_t) {};
  iface.get_tensor = [](ggml_backend_buffer_t, const ggml_tensor*, void*, size_t, size_t) {};
  iface.clear = [](ggml_backend_buffer_t, uint8_t) {};
  return ggml_backend_buffer_init(buft, iface, nullptr, size);
}

bool supports_op(ggml_backend_dev_t dev, const ggml_tensor* op) {
  for (int i = 0; i < GGML_MAX_SRC; ++i) {
    const ggml_tensor* s = op->src[i];
    if (s && s->buffer && s->buffer->buft->device && s->buffer->buft->iface.get_alloc_size == alloc_size &&
        s->buffer->buft->device != dev)
      return false;
  }
  if (op->op == GGML_OP_UNARY) return ggml_is_contiguous(op->src[0]);
  if (op->op == GGML_OP_FLASH_ATTN_EXT) {
    const int64_t d = op->src[1]->ne[0];
    return d == 64 || d == 80 || d == 96 || d == 112 || d == 128 || d == 256;
  }
  return true;
}

int64_t rows_of(const ggml_tensor* op) {
  switch (op->op) {
    case GGML_OP_GET_ROWS: return 0;
    case GGML_OP_MUL_MAT: return op->ne[1];
    case GGML_OP_MUL_MAT_ID:
    case GGML_OP_ROPE: return op->ne[2];
    default: return ggml_nrows(op);
  }
}

// Operands of the fused router and of the fused sum over experts.
void graph_optimize(ggml_backend_t, ggml_cgraph* g, ggml_backend_graph_optimize_params* params) {
  static const ggml_op kRouter[] = {GGML_OP_SOFT_MAX, GGML_OP_RESHAPE, GGML_OP_ARGSORT,  GGML_OP_VIEW,
                                    GGML_OP_GET_ROWS, GGML_OP_RESHAPE, GGML_OP_SUM_ROWS, GGML_OP_CLAMP,
                                    GGML_OP_DIV,      GGML_OP_RESHAPE};
  for (int i = 0; i < g->n_nodes; ++i) {
    ggml_tensor* t = g->nodes[i];
    if (t->op == GGML_OP_MUL && t->ne[1] >= 2 && t->ne[1] <= 15 && t->src[1]->ne[0] == 1 &&
        t->src[1]->ne[1] == t->ne[1] && t->src[1]->ne[2] == t->ne[2] && i + 2 * t->ne[1] <= g->n_nodes) {
      const int count = 2 * (int)t->ne[1];
      int views = 0;
      int adds = 0;
      for (int k = i + 1; k < i + count; ++k) {
        views += g->nodes[k]->op == GGML_OP_VIEW && g->nodes[k]->view_src == t;
        adds += g->nodes[k]->op == GGML_OP_ADD;
      }
      if (views == t->ne[1] && adds == t->ne[1] - 1) {
        params->add_alloc_dep(params->user_data, t->src[0], g->nodes[i + count - 1]);
        params->add_alloc_dep(params->user_data, t->src[1], g->nodes[i + count - 1]);
        i += count - 1;
        continue;
      }
    }
    if (t->op != GGML_OP_SOFT_MAX || t->src[1]) continue;
    int length = 0;
    while (length < 10 && i + length < g->n_nodes && g->nodes[i + length]->op == kRouter[length]) ++length;
    if (length < 5) continue;
    if (length < 10) length = 5;
    const int64_t experts = t->ne[0];
    if (((experts & (experts - 1)) != 0 || experts > 512) && experts != 288 && experts != 576) continue;
    for (int k = i; k < i + length; ++k) {
      params->add_alloc_dep(params->user_data, g->nodes[k], g->nodes[i + length]);
      for (int j = 0; j < GGML_MAX_SRC; ++j) {
        if (g->nodes[k]->src[j])
          params->add_alloc_dep(params->user_data, g->nodes[k]->src[j], g->nodes[i + length]);
      }
    }
    i += length - 1;
  }
}

int index_of(ggml_backend_dev_t dev) {
  return (int)(dev - g_devices);
}

ggml_backend_t init_backend(ggml_backend_dev_t dev, const char*) {
  static ggml_guid guid = {0x71, 0x77, 0x65, 0x6e, 0x66, 0x69, 0x74};
  ggml_backend_i iface{};
  iface.get_name = [](ggml_backend_t b) { return g_names[index_of(b->device)].c_str(); };
  iface.free = [](ggml_backend_t b) { delete b; };
  iface.graph_compute = [](ggml_backend_t, ggml_cgraph*) { return GGML_STATUS_FAILED; };
  iface.graph_optimize = graph_optimize;
  return new ggml_backend{&guid, iface, dev, nullptr};
}

void make_device(int i) {
  g_names[i] = "CARD" + std::to_string(i);
  ggml_backend_device& d = g_devices[i];
  d.reg = &g_reg;
  d.iface.get_name = [](ggml_backend_dev_t dev) { return g_names[index_of(dev)].c_str(); };
  d.iface.get_description = d.iface.get_name;
  d.iface.get_memory = [](ggml_backend_dev_t, size_t* free, size_t* total) {
    *free = *total = size_t{1} << 34;
  };
  d.iface.get_type = [](ggml_backend_dev_t) { return GGML_BACKEND_DEVICE_TYPE_GPU; };
  d.iface.get_props = [](ggml_backend_dev_t dev, ggml_backend_dev_props* p) {
    *p = {};
    p->name = p->description = g_names[index_of(dev)].c_str();
    p->memory_free = p->memory_total = size_t{1} << 34;
    p->type = GGML_BACKEND_DEVICE_TYPE_GPU;
    p->caps.async = p->caps.events = p->caps.mmap_support = true;
  };
  d.iface.init_backend = init_backend;
  d.iface.get_buffer_type = [](ggml_backend_dev_t dev) { return &g_bufts[index_of(dev)]; };
  d.iface.supports_op = supports_op;
  d.iface.supports_buft = [](ggml_backend_dev_t dev, ggml_backend_buffer_type_t b) {
    return b == &g_bufts[index_of(dev)];
  };
  d.iface.offload_op = [](ggml_backend_dev_t, const ggml_tensor* op) {
    return rows_of(op) >= kOffloadedRows;
  };
  d.iface.event_new = [](ggml_backend_dev_t dev) { return new ggml_backend_event{dev, nullptr}; };
  d.iface.event_free = [](ggml_backend_dev_t, ggml_backend_event_t e) { delete e; };
  d.iface.event_synchronize = [](ggml_backend_dev_t, ggml_backend_event_t) {};
  ggml_backend_buffer_type& b = g_bufts[i];
  b.device = &d;
  b.iface.get_name = [](ggml_backend_buffer_type_t t) { return g_names[index_of(t->device)].c_str(); };
  b.iface.alloc_buffer = alloc_buffer;
  b.iface.get_alignment = [](ggml_backend_buffer_type_t) { return size_t{128}; };
  b.iface.get_alloc_size = alloc_size;
}

ggml_type type_named(const std::string& name) {
  for (int i = 0; i < GGML_TYPE_COUNT; ++i) {
    if (ggml_type_name((ggml_type)i) && name == ggml_type_name((ggml_type)i)) return (ggml_type)i;
  }
  return GGML_TYPE_F16;
}

void probe(const std::string& line) {
  std::istringstream in(line);
  std::string file, type_k, type_v;
  int cards, ngl, moe, unified, fa;
  int embeds;
  uint32_t ctx, batch, ubatch, slots, outputs, drafted;
  in >> file >> cards >> ngl >> moe >> ctx >> batch >> ubatch >> slots >> unified >> outputs >> type_k >>
      type_v >> fa >> embeds >> drafted;

  llama_model_params mp = llama_model_default_params();
  std::vector<ggml_backend_dev_t> devices;
  for (int i = 0; i < cards; ++i) devices.push_back(&g_devices[i]);
  devices.push_back(nullptr);
  mp.devices = devices.data();
  mp.n_gpu_layers = ngl;
  mp.no_alloc = true;
  mp.load_mode = LLAMA_LOAD_MODE_NONE;
  mp.load_mtp = drafted > 0;
  mp.use_extra_bufts = false;  // host weights stay in a plain host buffer, as beside a real card
  std::vector<float> shares(llama_max_devices(), 0.0F);
  for (int i = 0; i < cards; ++i) in >> shares[i];
  mp.tensor_split = shares.data();
  std::vector<std::string> patterns;
  for (int i = 0; i < moe; ++i)
    patterns.push_back("blk\\." + std::to_string(i) + "\\.ffn_(up|down|gate|gate_up)_(ch|)exps");
  std::vector<llama_model_tensor_buft_override> overrides;
  for (const std::string& p : patterns) overrides.push_back({p.c_str(), ggml_backend_cpu_buffer_type()});
  overrides.push_back({nullptr, nullptr});
  if (moe > 0) mp.tensor_buft_overrides = overrides.data();
  llama_model* model = llama_model_load_from_file(file.c_str(), mp);
  if (!model) {
    std::cout << "failed" << std::endl;
    return;
  }
  llama_context_params cp = llama_context_default_params();
  cp.n_ctx = ctx;
  cp.n_batch = batch;
  cp.n_ubatch = ubatch;
  cp.n_seq_max = slots;
  cp.kv_unified = unified != 0;
  cp.n_outputs_max = outputs;
  cp.type_k = type_named(type_k);
  cp.type_v = type_named(type_v);
  cp.flash_attn_type = fa ? LLAMA_FLASH_ATTN_TYPE_AUTO : LLAMA_FLASH_ATTN_TYPE_DISABLED;
  if (ggml_is_quantized(cp.type_v)) cp.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_ENABLED;
  cp.embeddings = embeds != 0;
  cp.n_rs_seq = drafted;
  std::vector<llama_memory_breakdown_data> found(cards + 1);
  // The main context, then the drafter's (common/speculative.cpp).
  std::vector<llama_context*> contexts;
  for (int draft = 0; draft <= (drafted > 0 ? 1 : 0); ++draft) {
    if (draft == 1) {
      cp.ctx_type = LLAMA_CONTEXT_TYPE_MTP;
      cp.ctx_other = contexts[0];
      cp.n_rs_seq = 0;
    }
    contexts.push_back(llama_init_from_model(model, cp));
    if (!contexts.back()) break;
    for (const auto& [buft, mb] : llama_get_memory_breakdown(contexts.back())) {
      const int i = buft->iface.get_alloc_size == alloc_size ? index_of(buft->device) : cards;
      if (draft == 0) found[i].model += mb.model;
      found[i].context += mb.context;
      found[i].compute += mb.compute;
    }
  }
  const bool made = contexts.back() != nullptr;
  while (!contexts.empty()) {
    llama_free(contexts.back());
    contexts.pop_back();
  }
  llama_model_free(model);
  if (!made) {
    std::cout << "failed" << std::endl;
    return;
  }
  for (const llama_memory_breakdown_data& d : found)
    std::cout << d.model << ' ' << d.context << ' ' << d.compute << ' ';
  std::cout << std::endl;
}

}  // namespace

int main() {
  llama_log_set(
      [](ggml_log_level level, const char* text, void*) {
        if (level == GGML_LOG_LEVEL_ERROR) std::fputs(text, stderr);
      },
      nullptr);
  llama_backend_init();
  g_reg.api_version = GGML_BACKEND_API_VERSION;
  g_reg.iface.get_name = [](ggml_backend_reg_t) { return "CARD"; };
  g_reg.iface.get_device_count = [](ggml_backend_reg_t) { return (size_t)kMostCards; };
  g_reg.iface.get_device = [](ggml_backend_reg_t, size_t i) { return &g_devices[i]; };
  g_reg.iface.get_proc_address = [](ggml_backend_reg_t, const char*) -> void* { return nullptr; };
  for (int i = 0; i < kMostCards; ++i) make_device(i);
  ggml_backend_register(&g_reg);
  for (std::string line; std::getline(std::cin, line);) probe(line);
}
