// The C interface of cbad-core: streams behind opaque handles, batches in, verdicts and snapshots out.
//
// Generated from cbad-core/src/ffi: change it there, then `CBAD_BLESS=1 cargo test --test header`.
//
// - Every function but the two versions and cbad_last_error returns a status, CBAD_OK or the reason; the message of a
//   thread's last failure is fetched with cbad_last_error.
// - A handle is a number, not an address. A freed, foreign or made-up one is refused with CBAD_BAD_HANDLE.
// - A stream may move between threads, but only one may be inside: a second one gets CBAD_BUSY and changes nothing.
// - Buffers belong to the caller and are touched during the call only. Numbers in them are little endian.
// - Nothing unwinds out of a call. A stream whose code panicked is poisoned: it can only be freed.
// - Running out of memory ends the process, as in all Rust code; the limits in cbad_params are there to prevent it.


#ifndef CBAD_H
#define CBAD_H

#include <stddef.h>
#include <stdint.h>

// Version of this interface. A caller passes the one it was compiled with; another one is refused (CBAD_ABI).
#define CBAD_ABI_VERSION 2

// Stream of log records.
#define CBAD_LOGS 1

// Stream of metric points.
#define CBAD_METRICS 2

// Stream of spans.
#define CBAD_TRACES 3

// Done.
#define CBAD_OK 0

// A pointer that is needed is null.
#define CBAD_NULL 1

// The caller was compiled against another version: abi or struct_size differ.
#define CBAD_ABI 2

// An argument is out of its range or misaligned; the message names it.
#define CBAD_INVALID 3

// The offsets or a record's layout are wrong. Nothing of the batch was observed.
#define CBAD_BAD_BATCH 4

// The buffer is too small; the needed length was written. Call again.
#define CBAD_BUFFER_TOO_SMALL 5

// An earlier call on this stream panicked; the message is that panic's. Only free it.
#define CBAD_POISONED 6

// This call panicked inside the core (a bug). If it was about a stream, that stream is poisoned now.
#define CBAD_PANIC 7

// No such stream: never made, already freed, or not a handle.
#define CBAD_BAD_HANDLE 8

// Another thread is inside this stream.
#define CBAD_BUSY 9

// Too many streams, or a result beyond what the interface can carry.
#define CBAD_LIMIT 10

// Not a snapshot of a stream at all.
#define CBAD_SNAPSHOT_FOREIGN 11

// The snapshot ends too early.
#define CBAD_SNAPSHOT_TRUNCATED 12

// The snapshot's checksum or contents are wrong.
#define CBAD_SNAPSHOT_DAMAGED 13

// The snapshot was written in an older format that is no longer read.
#define CBAD_SNAPSHOT_OLDER 14

// The snapshot was written by a newer core.
#define CBAD_SNAPSHOT_NEWER 15

// Window flag: records are missing (overload). Not learnt, no verdict on counts.
#define CBAD_WINDOW_INCOMPLETE 1

// Window flag: the service's instance changed (restart, deploy); grace rules apply.
#define CBAD_WINDOW_INSTANCE_CHANGED 2

// Window flag: the last window; requests still open are complete.
#define CBAD_WINDOW_LAST 4

// Window flag: closed before all of it came (the end of a recording, a shutdown). No verdict on volume.
#define CBAD_WINDOW_PARTIAL 8

// Window flag: the service's version changed shortly before; what lasts is adopted after half as many windows.
#define CBAD_WINDOW_DEPLOYED 16

// Verdict flag: the window was learnt.
#define CBAD_VERDICT_LEARNT 1

// Verdict flag: the window was scored, not learnt, because it is too odd.
#define CBAD_VERDICT_QUARANTINED 2

// Verdict flag: this window ended a quarantine; what was odd is now normal.
#define CBAD_VERDICT_ADOPTED 4

// Verdict flag: warm-up is over.
#define CBAD_VERDICT_READY 8

// Verdict flag: cbad_stream_evidence has something to give.
#define CBAD_VERDICT_EVIDENCE 16

// Channels a verdict has room for.
#define CBAD_MAX_CHANNELS 8

// Parameters of a stream. Set struct_size to sizeof(cbad_params) and reserved to 0.
typedef struct {
  // sizeof(cbad_params).
  uint32_t struct_size;
  // Quarantined windows in a row that become the new normal, at least 1.
  uint32_t adopt_after;
  // Seeds every random choice.
  uint64_t seed;
  // A stream verdict with p at or below this gets evidence, in (0, 1].
  double evidence_p;
  // A window with p at or below this is quarantined, in (0, 1].
  double quarantine_p;
  // Decades at which a metric point alerts, above 0; INFINITY turns point alerts off.
  double metric_level;
  // A request with p at or below this is anomalous, in (0, 1].
  double request_p;
  // Nanoseconds of event time without a record after which a request is complete.
  uint64_t request_idle_ns;
  // Records modelled of one window, at least 16; past it they are only counted.
  uint32_t max_records;
  // Templates, operations or series of the stream, at least 16.
  uint32_t max_symbols;
  // Open requests of the stream, at least 1.
  uint32_t max_requests;
  // Bytes of raw records kept as the baseline sample, at least 1024.
  uint32_t max_sample_bytes;
  // Windows learnt before the stream is ready, at least 1.
  uint32_t warmup_windows;
  // 0.
  uint32_t reserved;
} cbad_params;

// A stream: an opaque number, never 0. It is not an address.
typedef uint64_t cbad_stream;

// A window of event time, start inclusive, end exclusive, nanoseconds since the epoch.
typedef struct {
  // sizeof(cbad_window).
  uint32_t struct_size;
  // CBAD_WINDOW_* or-ed; other bits 0.
  uint32_t flags;
  uint64_t start_ns;
  uint64_t end_ns;
} cbad_window;

// One channel of a verdict.
typedef struct {
  // 1 log_new, 2 log_transition, 3 log_count, 4 request, 5 trace_new, 6 trace_count, 7 trace_duration,
  // 8 trace_net, 9 metric, 10 trace_error, 11 log_volume, 12 trace_volume, 13 metric_volume, 14 log_per_span.
  uint32_t kind;
  // 0.
  uint32_t reserved;
  // Bits; decades for kind 9.
  double statistic;
  // Probability of a statistic this large in the stream's own past.
  double p;
  // 1/(n + 1): what the history alone supports.
  double p_floor;
} cbad_channel;

// What is said about one window. Set struct_size before the call; all else is written by it.
typedef struct {
  // sizeof(cbad_verdict).
  uint32_t struct_size;
  // CBAD_VERDICT_* or-ed.
  uint32_t flags;
  uint64_t window_start_ns;
  uint64_t window_end_ns;
  // Records observed in the window.
  uint64_t records;
  // Of them past max_records: counted, not modelled.
  uint64_t records_over_cap;
  // Of them unusable (not finite).
  uint64_t records_unusable;
  // Bits the window cost above what was expected.
  double bits;
  // The stream's p over its channels.
  double p;
  // 1/(n + 1).
  double p_floor;
  // While warming: windows learnt so far, and needed; both 0 when ready.
  uint32_t warmup_seen;
  uint32_t warmup_needed;
  // Entries of channels that are set.
  uint32_t n_channels;
  // Items that cbad_stream_items will give.
  uint32_t n_items;
  // Points that cbad_stream_points will give.
  uint64_t n_points;
  // Requests that cbad_stream_requests will give.
  uint64_t n_requests;
  // Entries of the models (templates, operations, series, requests, counts of them) given up or refused at the
  // limits of cbad_params since the stream began.
  uint64_t evicted;
  cbad_channel channels[CBAD_MAX_CHANNELS];
} cbad_verdict;

// A metric point's verdict, in the order the points were observed.
typedef struct {
  // The point's own tag, family, instance, time and value.
  uint64_t tag;
  uint64_t time_ns;
  uint64_t family;
  uint64_t instance;
  double value;
  // Severity in decades, uncalibrated.
  double severity;
  // Conformal p of the severity.
  double p;
  // 1 when the latched decision at metric_level says alert, else 0.
  uint8_t alert;
  // 0.
  uint8_t reserved[7];
} cbad_point;

// A complete request's verdict.
typedef struct {
  uint8_t trace_id[16];
  // Event time of its first and last record.
  uint64_t start_ns;
  uint64_t end_ns;
  // Decades of p.
  double score;
  double p;
  // Records of the request.
  uint32_t events;
  // 1 when p is at or below request_p, else 0.
  uint8_t anomalous;
  // 0.
  uint8_t reserved[3];
} cbad_request;

// How often something pauses and for how long, as far as its caller keeps that: all 0 before the first window, changed by
// cbad_gaps_present and cbad_gaps_over alone.
typedef struct {
  double windows;
  double begun;
  double continued;
  double ended;
} cbad_gaps;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// Version of the interface this library has. Compare it with CBAD_ABI_VERSION before anything else.
uint32_t cbad_abi_version(void);

// Version of the core as text, for example "0.1.0". Static, never freed.
const char *cbad_version(void);

// Makes a stream of the given kind (CBAD_LOGS, CBAD_METRICS, CBAD_TRACES) and writes its handle to out.
// abi is the caller's CBAD_ABI_VERSION. Free it with cbad_stream_free.
// Errors: CBAD_ABI, CBAD_NULL, CBAD_INVALID (the message names key, rule and value), CBAD_LIMIT.
// Pointers: params must be readable and out writable.
int32_t cbad_stream_new(uint32_t kind, const cbad_params *params, uint32_t abi, cbad_stream *out);

// Frees a stream. Its handle is refused from then on, so freeing twice is CBAD_BAD_HANDLE and does no harm.
// Errors: CBAD_BAD_HANDLE, CBAD_BUSY (not freed: another thread is inside).
int32_t cbad_stream_free(cbad_stream stream);

// Adds a batch to the open window: record i is buf[offsets[i] .. offsets[i + 1]], so n records have n + 1 offsets,
// the first 0, never falling, the last len. All or nothing: of a refused batch nothing is observed.
// buf and offsets are read during the call only. Layouts, little endian, times in ns since the epoch:
//   logs     time u64 | trace id 16 bytes (zero: none) | severity u8 | 3 bytes 0 | text, any bytes
//   metrics  time u64 | family u64 | instance u64 | value f64 | tag u64 | kin u64 (the family that stands for all that
//            tell of the same values; family itself for a series of its own) | metric u64 (what it has in common with
//            series of other services: hash of the metric's name and the kind of resource)
//   traces   end u64 | trace id 16 bytes | parent u64 | operation u64 | caller u64 | duration ns u64 |
//            exclusive ns u64 | net ns i64 (INT64_MIN: none) | flags u64 (1: error, 2: a child ran in another service)
// Errors: CBAD_BAD_BATCH, CBAD_NULL, CBAD_INVALID (misaligned), CBAD_BAD_HANDLE, CBAD_BUSY, CBAD_POISONED, CBAD_PANIC.
// Pointers: buf must be readable for len bytes, offsets for n_offsets elements.
int32_t cbad_stream_observe(cbad_stream stream,
                            const uint8_t *buf,
                            size_t len,
                            const uint32_t *offsets,
                            size_t n_offsets);

// Scores the open window against the stream's past, learns it unless it is quarantined or incomplete, and opens
// the next one. What belongs to the window (points, requests, items, evidence) can be fetched until the next close.
// Set struct_size of window and of out. All arguments are checked before the window is closed.
// Errors: CBAD_ABI, CBAD_NULL, CBAD_INVALID, CBAD_BAD_HANDLE, CBAD_BUSY, CBAD_POISONED, CBAD_PANIC, CBAD_LIMIT.
// Pointers: window must be readable, out readable and writable.
int32_t cbad_stream_close(cbad_stream stream,
                          const cbad_window *window,
                          cbad_verdict *out);

// Judges how many records a closed window of a log stream had beside the spans of its service in it, and learns that. Windows
// come in order, each once and after its close; what is observed meanwhile does not matter. counted are the bits that the counts of
// the window's lines and calls cost (statistic of kinds 3 and 6), which are not said again. out has one channel
// (CBAD_VERDICT_QUARANTINED) where there were fewer records than usual, else none; its item and basis can be fetched until the
// next close.
// Errors: as cbad_stream_close; CBAD_INVALID of a stream that is not of logs, and where counted is negative or no number.
// Pointers: window must be readable, out readable and writable.
int32_t cbad_stream_per_span(cbad_stream stream,
                             const cbad_window *window,
                             uint64_t records,
                             uint64_t spans,
                             double counted,
                             cbad_verdict *out);

// Writes the verdicts on the points of the last close to out, cap of them at most, and their number to n.
// Errors: CBAD_BUFFER_TOO_SMALL (n is what is needed, nothing was copied), CBAD_NULL, CBAD_INVALID and those of the handle.
// Pointers: out must be writable for cap elements, n writable.
int32_t cbad_stream_points(cbad_stream stream,
                           cbad_point *out,
                           size_t cap,
                           size_t *n);

// Writes the requests that the last close judged to out, cap of them at most, and their number to n.
// Errors: as cbad_stream_points.
// Pointers: out must be writable for cap elements, n writable.
int32_t cbad_stream_requests(cbad_stream stream, cbad_request *out, size_t cap, size_t *n);

// Writes the items that cost the bits of the last close, as a JSON array (costliest first, at most 16), to buf and
// its length in bytes to len. Ids are JSON numbers up to 2^64 - 1.
// Errors: CBAD_BUFFER_TOO_SMALL (len is what is needed), CBAD_NULL and those of the handle.
// Pointers: buf must be writable for cap bytes, len writable.
int32_t cbad_stream_items(cbad_stream stream,
                          uint8_t *buf,
                          size_t cap,
                          size_t *len);

// Writes the evidence on the last close as a JSON object to buf and its length in bytes to len; length 0: there is none.
// Ids are JSON numbers up to 2^64 - 1; a number that is not finite is null.
// Errors: as cbad_stream_items.
// Pointers: buf must be writable for cap bytes, len writable.
int32_t cbad_stream_evidence(cbad_stream stream,
                             uint8_t *buf,
                             size_t cap,
                             size_t *len);

// Writes what the channels of the last close rest on, as a JSON array of {"channel", "basis"} in the order of the verdict's
// channels, to buf and its length in bytes to len. cbad_recompute reads it. A number that is not finite is null.
// Errors: as cbad_stream_items.
// Pointers: buf must be writable for cap bytes, len writable.
int32_t cbad_stream_basis(cbad_stream stream,
                          uint8_t *buf,
                          size_t cap,
                          size_t *len);

// Computes channels again from what they rest on: JSON as cbad_stream_basis writes it, with nothing unknown in it. The
// same core gives the same statistic, p and p_floor to the bit. Their number goes to n, what each adds to its window's bits
// to bits (cap elements, as out).
// Errors: CBAD_INVALID (not such JSON, the message says where), CBAD_BUFFER_TOO_SMALL, CBAD_NULL.
// Pointers: json must be readable for len bytes, out and bits writable for cap elements, n writable.
int32_t cbad_recompute(const uint8_t *json,
                       size_t len,
                       cbad_channel *out,
                       double *bits,
                       size_t cap,
                       size_t *n);

// Computes the shares of a channel's items again from what they rest on: JSON of one element of the evidence's `terms`. They go
// to shares in the order of the items, their number to n.
// Errors: as cbad_recompute.
// Pointers: json must be readable for len bytes, shares writable for cap elements, n writable.
int32_t cbad_recompute_terms(const uint8_t *json,
                             size_t len,
                             double *shares,
                             size_t cap,
                             size_t *n);

// Writes a snapshot of the stream, open window included, to buf and its length in bytes to len. Call it with cap 0
// for the length; the snapshot is kept for the next call. What the last close said is not part of it.
// Errors: as cbad_stream_items.
// Pointers: buf must be writable for cap bytes, len writable.
int32_t cbad_stream_save(cbad_stream stream,
                         uint8_t *buf,
                         size_t cap,
                         size_t *len);

// Makes a stream from a snapshot and writes its handle to out. It goes on bit for bit where the saved one stood, with
// the saved parameters.
// Errors: CBAD_SNAPSHOT_FOREIGN, _TRUNCATED, _DAMAGED, _OLDER, _NEWER; CBAD_ABI, CBAD_NULL, CBAD_LIMIT.
// Pointers: buf must be readable for len bytes, out writable.
int32_t cbad_stream_load(const uint8_t *buf,
                         size_t len,
                         uint32_t abi,
                         cbad_stream *out);

// Writes what the stream's series showed since this was last fetched to buf and its length in bytes to len; then it begins
// anew. cbad_pool_add makes of it what cbad_stream_lend takes. Length 0: nothing, as always of logs and traces.
// Errors: as cbad_stream_items.
// Pointers: buf must be writable for cap bytes, len writable.
int32_t cbad_stream_share(cbad_stream stream,
                          uint8_t *buf,
                          size_t cap,
                          size_t *len);

// Takes from a pool what it lends to series that have too little past of their own, in the place of what was lent before.
// Logs and traces take nothing.
// Errors: CBAD_INVALID (no pool: the message says why), CBAD_NULL and those of the handle.
// Pointers: pool must be readable for len bytes.
int32_t cbad_stream_lend(cbad_stream stream,
                         const uint8_t *pool,
                         size_t len);

// Adds what streams shared to a pool, in place: buf holds the pool (the first pool_len bytes; none at first) and, behind it,
// what they shared, one after the other, len bytes in all. Afterwards it holds the new pool, which is not longer, and len its
// length. Of more than limit metrics those to which nothing was added for longest are left out; their number goes to left_out.
// Errors: CBAD_INVALID (no pool, or not what was shared: the message says why; nothing was changed), CBAD_NULL.
// Pointers: len must be readable and writable, buf readable and writable for len bytes, left_out writable.
int32_t cbad_pool_add(uint8_t *buf,
                      size_t *len,
                      size_t pool_len,
                      size_t limit,
                      size_t *left_out);

// Writes the stream's kind and parameters. Set struct_size of params. Either may be null.
// Errors: CBAD_ABI, CBAD_INVALID (misaligned) and those of the handle.
// Pointers: A kind or params that is not null must be readable and writable.
int32_t cbad_stream_describe(cbad_stream stream, uint32_t *kind, cbad_params *params);

// Changes evidence_p, quarantine_p, adopt_after, metric_level and warmup_windows of a stream to those of params, from
// the next close on. The other parameters must be what they are: what the stream remembers was made with them.
// Errors: CBAD_ABI, CBAD_NULL, CBAD_INVALID and those of the handle.
// Pointers: params must be readable.
int32_t cbad_stream_tune(cbad_stream stream,
                         const cbad_params *params);

// Writes approximately how many bytes of heap the stream holds.
// Errors: CBAD_NULL, CBAD_INVALID (misaligned) and those of the handle.
// Pointers: bytes must be writable.
int32_t cbad_stream_memory(cbad_stream stream, uint64_t *bytes);

// Combines n dependent p-values by their harmonic mean, n / (1/p1 + ... + 1/pn), at most 1, and writes the result and
// its decades, -log10. n = 0 gives 1; a p that is not a number counts as 1. Either output may be null.
// Errors: CBAD_NULL, CBAD_INVALID (misaligned).
// Pointers: p must be readable for n elements, outputs that are not null writable.
int32_t cbad_combine(const double *p,
                     size_t n,
                     double *p_out,
                     double *decades_out);

// The chance that n independent p-values have a product this small (Fisher's method), each counting four decades at
// most. n = 0 gives 1; a p that is not a number counts as 1.
// Errors: CBAD_NULL, CBAD_INVALID (misaligned).
// Pointers: p must be readable for n elements, p_out writable.
int32_t cbad_product(const double *p,
                     size_t n,
                     double *p_out);

// The p at which the realised chance of the p-values in a pool is the given one, at most that itself, by the fitted tail
// of the pool: bins counts windows by decades (-log10 of their p), width decades each. A thin pool gives p back.
// Errors: CBAD_NULL, CBAD_INVALID (misaligned, width or p not above 0).
// Pointers: bins must be readable for n elements, p_out writable.
int32_t cbad_pool_level(const double *bins,
                        size_t n,
                        double width,
                        double p,
                        double *p_out);

// Learns a window without a gap.
// Errors: CBAD_NULL, CBAD_INVALID (misaligned).
// Pointers: gaps must be readable and writable.
int32_t cbad_gaps_present(cbad_gaps *gaps);

// Learns that a gap of run windows is over.
// Errors: CBAD_NULL, CBAD_INVALID (misaligned).
// Pointers: gaps must be readable and writable.
int32_t cbad_gaps_over(cbad_gaps *gaps, uint64_t run);

// The probability that after a window without a gap one of at least run windows follows.
// Errors: CBAD_NULL, CBAD_INVALID (misaligned).
// Pointers: gaps must be readable, p_out writable.
int32_t cbad_gaps_p(const cbad_gaps *gaps, uint64_t run, double *p_out);

// Copies the message of this thread's last failure to buf, cap bytes at most with the closing zero, and returns its
// length without it. Call it on the thread that failed, before another call. A message is UTF-8, cut between characters.
// Pointers: buf must be writable for cap bytes; null only with cap 0.
size_t cbad_last_error(uint8_t *buf,
                       size_t cap);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* CBAD_H */
