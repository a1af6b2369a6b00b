// Calls that fetch the message of a failure before Go can move to another thread: the core keeps it per thread.
#ifndef CBAD_GO_SHIM_H
#define CBAD_GO_SHIM_H

#include <string.h>

#include "cbad.h"

typedef struct {
  size_t len;
  uint8_t text[504];
} cbad_go_message;

static inline int32_t cbad_go_keep(int32_t status, cbad_go_message *m) {
  if (status != CBAD_OK) {
    m->text[0] = 0;
    cbad_last_error(m->text, sizeof m->text);
    m->len = strlen((const char *)m->text);
  }
  return status;
}

static inline int32_t cbad_go_new(uint32_t kind, const cbad_params *p, cbad_stream *out, cbad_go_message *m) {
  return cbad_go_keep(cbad_stream_new(kind, p, CBAD_ABI_VERSION, out), m);
}

static inline int32_t cbad_go_load(const uint8_t *buf, size_t len, cbad_stream *out, cbad_go_message *m) {
  return cbad_go_keep(cbad_stream_load(buf, len, CBAD_ABI_VERSION, out), m);
}

static inline int32_t cbad_go_free(cbad_stream s) { return cbad_stream_free(s); }

static inline int32_t cbad_go_observe(cbad_stream s, const uint8_t *buf, size_t len, const uint32_t *offsets, size_t n,
                                      cbad_go_message *m) {
  return cbad_go_keep(cbad_stream_observe(s, buf, len, offsets, n), m);
}

static inline int32_t cbad_go_close(cbad_stream s, const cbad_window *w, cbad_verdict *v, cbad_go_message *m) {
  return cbad_go_keep(cbad_stream_close(s, w, v), m);
}

static inline int32_t cbad_go_per_span(cbad_stream s, const cbad_window *w, uint64_t records, uint64_t spans,
                                       double counted, cbad_verdict *v, cbad_go_message *m) {
  return cbad_go_keep(cbad_stream_per_span(s, w, records, spans, counted, v), m);
}

static inline int32_t cbad_go_points(cbad_stream s, cbad_point *out, size_t cap, size_t *n, cbad_go_message *m) {
  return cbad_go_keep(cbad_stream_points(s, out, cap, n), m);
}

static inline int32_t cbad_go_requests(cbad_stream s, cbad_request *out, size_t cap, size_t *n, cbad_go_message *m) {
  return cbad_go_keep(cbad_stream_requests(s, out, cap, n), m);
}

static inline int32_t cbad_go_items(cbad_stream s, uint8_t *buf, size_t cap, size_t *len, cbad_go_message *m) {
  return cbad_go_keep(cbad_stream_items(s, buf, cap, len), m);
}

static inline int32_t cbad_go_evidence(cbad_stream s, uint8_t *buf, size_t cap, size_t *len, cbad_go_message *m) {
  return cbad_go_keep(cbad_stream_evidence(s, buf, cap, len), m);
}

static inline int32_t cbad_go_save(cbad_stream s, uint8_t *buf, size_t cap, size_t *len, cbad_go_message *m) {
  return cbad_go_keep(cbad_stream_save(s, buf, cap, len), m);
}

static inline int32_t cbad_go_share(cbad_stream s, uint8_t *buf, size_t cap, size_t *len, cbad_go_message *m) {
  return cbad_go_keep(cbad_stream_share(s, buf, cap, len), m);
}

static inline int32_t cbad_go_lend(cbad_stream s, const uint8_t *pool, size_t len, cbad_go_message *m) {
  return cbad_go_keep(cbad_stream_lend(s, pool, len), m);
}

static inline int32_t cbad_go_pool_add(uint8_t *buf, size_t *len, size_t pool_len, size_t limit, size_t *left_out,
                                       cbad_go_message *m) {
  return cbad_go_keep(cbad_pool_add(buf, len, pool_len, limit, left_out), m);
}

static inline int32_t cbad_go_describe(cbad_stream s, uint32_t *kind, cbad_params *p, cbad_go_message *m) {
  return cbad_go_keep(cbad_stream_describe(s, kind, p), m);
}

static inline int32_t cbad_go_tune(cbad_stream s, const cbad_params *p, cbad_go_message *m) {
  return cbad_go_keep(cbad_stream_tune(s, p), m);
}

static inline int32_t cbad_go_memory(cbad_stream s, uint64_t *bytes, cbad_go_message *m) {
  return cbad_go_keep(cbad_stream_memory(s, bytes), m);
}

// What an empty call costs; the benchmarks compare with it.
static inline void cbad_go_nothing(void) {}

#endif
