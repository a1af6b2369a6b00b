package cbad

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
)

// A batch of 8192 records, as the research measured it: `make bench BENCH=Observe`.
const benchRecords = 8192

// benchBatches are a few batches, so that the core does not see the same bytes each time.
func benchBatches(kind Kind, n int) []*Batch {
	out := make([]*Batch, 4)
	seed := uint64(1)
	random := func(n uint64) uint64 {
		seed = seed*6364136223846793005 + 1442695040888963407
		return (seed >> 33) % n
	}
	for i := range out {
		b := new(Batch)
		for r := range uint64(n) {
			fillRecord(b, kind, r*60*second/uint64(n), random)
		}
		out[i] = b
	}
	return out
}

// fillRecord appends what a small shop would send.
func fillRecord(b *Batch, kind Kind, at uint64, random func(uint64) uint64) {
	trace := [16]byte{byte(random(250)) + 1, byte(random(4))}
	switch kind {
	case Logs:
		var text string
		switch random(6) {
		case 0:
			text = fmt.Sprintf("GET /api/v1/orders/%d 200 in %d ms", random(1e6), random(900))
		case 1:
			text = fmt.Sprintf("user %d logged in from 10.0.%d.%d", random(1e5), random(255), random(255))
		case 2:
			text = fmt.Sprintf("payment %08x-77aa-4d0e-9b1a-001d2e3f4a5b accepted amount=%d.%02d EUR", random(1<<32-1), random(500), random(100))
		case 3:
			text = "cache refreshed"
		case 4:
			text = fmt.Sprintf("slow query: SELECT * FROM orders WHERE customer_id = %d took %d ms", random(1e5), random(3000))
		default:
			text = "request finished " + strings.Repeat("key=value ", int(random(8))) + strconv.FormatUint(random(1e9), 10)
		}
		b.AppendLog(at, trace, 9, text)
	case Metrics:
		series := random(64)
		b.AppendPoint(Measurement{
			TimeNs: at, Family: 1 + series, Instance: 1 + series%3, Kin: 1 + series, Value: float64(1000*series + random(100)), Tag: series,
		})
	case Traces:
		op := random(12)
		span := Span{
			EndNs: at, TraceID: trace, Parent: op / 3, Operation: 100 + op, DurationNs: 1e6 + random(1e6), ExclusiveNs: 1e5 + random(1e5),
			NetNs: NoNet, Error: random(200) == 0,
		}
		if op%4 == 0 {
			span.Caller, span.NetNs = 7, int64(random(1e5))
		}
		b.AppendSpan(&span)
	}
}

// BenchmarkEmptyCall is what crossing into C costs by itself.
func BenchmarkEmptyCall(b *testing.B) {
	for b.Loop() {
		emptyCall()
	}
}

// BenchmarkObserve crosses once per batch; ns/record holds all that the core does on arrival.
func BenchmarkObserve(b *testing.B) {
	for _, kind := range kinds {
		for _, n := range []int{benchRecords, 64, 1} {
			b.Run(fmt.Sprintf("%s/%d", kind, n), func(b *testing.B) {
				batches := benchBatches(kind, n)
				s := newStream(b, kind)
				var v Verdict
				w := Window{EndNs: 60 * second}
				i, records := 0, 0
				b.ReportAllocs()
				b.ResetTimer()
				for range b.N {
					if err := s.Observe(batches[i%len(batches)]); err != nil {
						b.Fatal(err)
					}
					i++
					if records += n; records >= 4*benchRecords {
						b.StopTimer() // the window is closed as in life, and timed by BenchmarkClose
						if err := s.Close(w, &v); err != nil {
							b.Fatal(err)
						}
						w.StartNs, w.EndNs, records = w.EndNs, w.EndNs+60*second, 0
						b.StartTimer()
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/record")
			})
		}
	}
}

// BenchmarkClose scores and learns a window of 8192 records, and fetches all that is said about it.
func BenchmarkClose(b *testing.B) {
	for _, kind := range kinds {
		b.Run(kind.String(), func(b *testing.B) {
			batches := benchBatches(kind, benchRecords)
			s := newStream(b, kind)
			var v Verdict
			w := Window{}
			b.ReportAllocs()
			for i := range b.N {
				b.StopTimer()
				w.StartNs, w.EndNs = w.EndNs, w.EndNs+60*second
				if err := s.Observe(batches[i%len(batches)]); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
				if err := s.Close(w, &v); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchRecords, "ns/record")
		})
	}
}

// BenchmarkBasis fetches what the channels of a window rest on, as is done for each.
func BenchmarkBasis(b *testing.B) {
	for _, kind := range kinds {
		b.Run(kind.String(), func(b *testing.B) {
			batches := benchBatches(kind, benchRecords)
			s := newStream(b, kind)
			var v Verdict
			w := Window{}
			var basis []byte
			b.ReportAllocs()
			b.ResetTimer()
			for i := range b.N {
				b.StopTimer()
				w.StartNs, w.EndNs = w.EndNs, w.EndNs+60*second
				if err := s.Observe(batches[i%len(batches)]); err != nil {
					b.Fatal(err)
				}
				if err := s.Close(w, &v); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
				var err error
				if basis, err = s.Basis(basis[:0]); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(basis)), "B")
		})
	}
}

// BenchmarkAppend writes records into a batch that has grown.
func BenchmarkAppend(b *testing.B) {
	text := strings.Repeat("a line of some length ", 20)[:435]
	span := Span{EndNs: 1}
	for name, add := range map[string]func(*Batch){
		"log 435 B": func(batch *Batch) { batch.AppendLog(1, [16]byte{1}, 9, text) },
		"point": func(batch *Batch) {
			batch.AppendPoint(Measurement{TimeNs: 1, Family: 2, Instance: 3, Kin: 2, Value: 4, Tag: 5})
		},
		"span": func(batch *Batch) { batch.AppendSpan(&span) },
	} {
		b.Run(name, func(b *testing.B) {
			batch := new(Batch)
			b.ReportAllocs()
			for range b.N {
				if batch.Len() >= benchRecords {
					batch.Reset()
				}
				add(batch)
			}
		})
	}
}
