package detect

import (
	"sync"
	"unsafe"

	"github.com/driftlock/driftlock/internal/canonical"
	"github.com/driftlock/driftlock/internal/cbad"
)

// load is the records of one stream and window on their way to a worker: text records encoded, points and spans still to
// be turned into records (rates need the last point, spans their parents).
type load struct {
	batch  cbad.Batch
	points []canonical.Point
	// What points refer to.
	buckets []canonical.Bucket
	spans   []canonical.Span
}

// A pooled buffer that a flood has blown up is not kept.
const maxPooledBytes = 4 << 20

var loadPools [signals]sync.Pool

func takeLoad(s signal) *load {
	if l, ok := loadPools[s].Get().(*load); ok {
		return l
	}
	l := &load{}
	l.batch.Reset()
	return l
}

func (l *load) recycle(s signal) {
	if cap(l.batch.Bytes) > maxPooledBytes || cap(l.points)*pointBytes > maxPooledBytes ||
		cap(l.buckets)*bucketBytes > maxPooledBytes || cap(l.spans)*spanBytes > maxPooledBytes {
		return
	}
	l.batch.Reset()
	l.points, l.buckets, l.spans = l.points[:0], l.buckets[:0], l.spans[:0]
	loadPools[s].Put(l)
}

// addPoint keeps a point and the buckets that it refers to.
func (l *load) addPoint(p canonical.Point, buckets []canonical.Bucket) {
	of := buckets[p.First : p.First+p.Buckets]
	p.First = uint32(len(l.buckets)) //nolint:gosec // a window's share of memory is far below 2³² buckets
	l.buckets = append(l.buckets, of...)
	l.points = append(l.points, p)
}

const (
	pointBytes  = int(unsafe.Sizeof(canonical.Point{}))
	bucketBytes = int(unsafe.Sizeof(canonical.Bucket{}))
	spanBytes   = int(unsafe.Sizeof(canonical.Span{}))
)

// size is about how many bytes wait.
func (l *load) size() uint64 {
	return uint64(len(l.batch.Bytes) + 4*len(l.batch.Offsets) + len(l.points)*pointBytes + len(l.buckets)*bucketBytes + len(l.spans)*spanBytes)
}
