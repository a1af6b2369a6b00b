package cbad

// #include "shim.h"
import "C"

import "unsafe"

// Pool is what the series of metrics have in common, for those that have too little past of their own: bytes that the core
// reads. It holds nothing at first, and it is never changed, so that many streams can be lent from one.
type Pool []byte

// Share returns what the stream's series showed since it was called last, for Pool.Add; nothing for logs and traces.
func (s *Stream) Share() ([]byte, error) {
	return s.fetch("share", func(buf *C.uint8_t, n C.size_t) C.int32_t {
		return C.cbad_go_share(s.handle, buf, n, &s.length, &s.message)
	})
}

// Lend gives series that have too little past of their own what others of their metrics showed, in the place of what was lent
// before.
func (s *Stream) Lend(p Pool) error {
	if err := s.enter("lend"); err != nil {
		return err
	}
	defer s.leave()
	if status := C.cbad_go_lend(s.handle, (*C.uint8_t)(unsafe.SliceData(p)), C.size_t(len(p)), &s.message); status != C.CBAD_OK {
		return s.fail("lend", status)
	}
	return nil
}

// Add returns a pool to which is added what streams shared, in this order. Of more than limit metrics it lacks those to which
// nothing was added for longest, leftOut of them.
func (p Pool) Add(shared [][]byte, limit int) (sum Pool, leftOut int, err error) {
	n := len(p)
	for _, s := range shared {
		n += len(s)
	}
	sum = append(make(Pool, 0, n), p...)
	for _, s := range shared {
		sum = append(sum, s...)
	}
	var message C.cbad_go_message
	length, left := C.size_t(n), C.size_t(0)
	status := C.cbad_go_pool_add((*C.uint8_t)(unsafe.SliceData(sum)), &length, C.size_t(len(p)), C.size_t(max(limit, 0)), &left, &message)
	if status != C.CBAD_OK {
		failed := Stream{message: message}
		return nil, 0, failed.fail("add to the pool", status)
	}
	return sum[:length:length], int(left), nil
}
