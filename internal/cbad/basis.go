package cbad

/*
#include "shim.h"

static inline int32_t cbad_go_recompute(const uint8_t *json, size_t len, cbad_channel *out, double *bits, size_t cap,
                                        size_t *n, cbad_go_message *m) {
  return cbad_go_keep(cbad_recompute(json, len, out, bits, cap, n), m);
}

static inline int32_t cbad_go_recompute_terms(const uint8_t *json, size_t len, double *shares, size_t cap, size_t *n,
                                              cbad_go_message *m) {
  return cbad_go_keep(cbad_recompute_terms(json, len, shares, cap, n), m);
}

static inline int32_t cbad_go_basis(cbad_stream s, uint8_t *buf, size_t cap, size_t *len, cbad_go_message *m) {
  return cbad_go_keep(cbad_stream_basis(s, buf, cap, len), m);
}
*/
import "C"

import "unsafe"

// Basis appends what the channels of the last Close rest on to buf, as JSON that Recompute reads.
func (s *Stream) Basis(buf []byte) ([]byte, error) {
	if err := s.enter("fetch basis"); err != nil {
		return buf, err
	}
	defer s.leave()
	for {
		free := buf[len(buf):cap(buf)]
		status := C.cbad_go_basis(s.handle, (*C.uint8_t)(unsafe.SliceData(free)), C.size_t(len(free)), &s.length, &s.message)
		switch status {
		case C.CBAD_OK:
			return buf[:len(buf)+int(s.length)], nil
		case C.CBAD_BUFFER_TOO_SMALL:
			grown := make([]byte, len(buf), len(buf)+int(s.length)+1024)
			copy(grown, buf)
			buf = grown
		default:
			return buf, s.fail("fetch basis", status)
		}
	}
}

// Recompute gives the channels that follow from what Basis said, and their bits together. With the core that said it they
// are the same to the bit.
func Recompute(basis []byte) ([]Channel, float64, error) {
	var out [C.CBAD_MAX_CHANNELS]C.cbad_channel
	var bits [C.CBAD_MAX_CHANNELS]C.double
	var n C.size_t
	s := &Stream{} // for its message alone
	status := C.cbad_go_recompute((*C.uint8_t)(unsafe.SliceData(basis)), C.size_t(len(basis)), &out[0], &bits[0], C.size_t(len(out)), &n, &s.message)
	if status != C.CBAD_OK {
		return nil, 0, s.fail("recompute", status)
	}
	channels, sum := make([]Channel, int(n)), 0.0
	for i := range channels {
		c := &out[i]
		channels[i] = Channel{Kind: ChannelKind(c.kind), Statistic: float64(c.statistic), P: float64(c.p), PFloor: float64(c.p_floor)}
		sum += float64(bits[i])
	}
	return channels, sum, nil
}

// maxShares is how many items RecomputeTerms takes at most.
const maxShares = 64

// RecomputeTerms gives the shares of a channel's statistic that follow from what its items rest on, an element of
// Evidence.Terms.
func RecomputeTerms(terms []byte) ([]float64, error) {
	var out [maxShares]C.double
	var n C.size_t
	s := &Stream{} // for its message alone
	status := C.cbad_go_recompute_terms((*C.uint8_t)(unsafe.SliceData(terms)), C.size_t(len(terms)), &out[0], maxShares, &n, &s.message)
	if status != C.CBAD_OK {
		return nil, s.fail("recompute terms", status)
	}
	shares := make([]float64, int(n))
	for i := range shares {
		shares[i] = float64(out[i])
	}
	return shares, nil
}
