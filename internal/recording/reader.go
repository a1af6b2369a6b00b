package recording

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"
)

// File is one input with what has been found out about it.
type File struct {
	Path   string
	Format Format
	Size   int64 // as stored
	year   int   // of its last change, for timestamps that have none
}

// Inspect opens a file once to see what it is.
func Inspect(path string) (File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return File{}, err
	}
	if info.IsDir() {
		return File{}, fmt.Errorf("%s is a folder; name its files, for example %s/*.gz", path, path)
	}
	var n atomic.Int64
	var head []byte
	l, err := openLines(path, &n)
	switch {
	case err == nil:
		defer func() { _ = l.close() }()
		head = l.head()
	case !errors.Is(err, errDamaged): // what is damaged is said when its turn comes
		return File{}, err
	}
	return File{Path: path, Format: formatOf(path, head), Size: info.Size(), year: info.ModTime().UTC().Year()}, nil
}

// read sends the file's items to out, in the file's order, and closes it. It ends early with the context.
func (f File) read(ctx context.Context, read *atomic.Int64, out chan<- Item) {
	defer close(out)
	last := int64(0)
	send := func(it Item) bool {
		it.Path = f.Path
		if it.Time == 0 {
			it.Time = last
		}
		last = it.Time
		select {
		case out <- it:
			return true
		case <-ctx.Done():
			return false
		}
	}
	bad := func(p *Problem) bool { return send(Item{Line: p.Line, Problem: p}) }
	l, err := openLines(f.Path, read)
	if err != nil {
		bad(&Problem{f.Path, 0, err})
		return
	}
	defer func() { _ = l.close() }()
	switch f.Format {
	case OTLP:
		f.readLines(l, bad, func(line []byte, number int) bool {
			it := Item{Line: number}
			if err := decodeOTLP(line, &it); err != nil {
				return bad(&Problem{f.Path, number, err})
			}
			return send(it)
		})
	case Plain:
		p := newPlain(f.Path, f.year)
		f.readLines(l, bad, func(line []byte, number int) bool {
			it, full := p.add(line, number)
			return !full || send(it)
		})
		if it, ok := p.flush(); ok {
			send(it)
		}
	case CSV:
		g := gauge{name: Stem(f.Path)}
		rows(l, func(line int, t time.Time, v float64) bool {
			it, full := g.add(line, t, v)
			return !full || send(it)
		}, func(p *Problem) { bad(p) })
		if it, ok := g.flush(); ok {
			send(it)
		}
	}
}

// readLines hands on each line that is not blank until take says no.
func (f File) readLines(l *lines, bad func(*Problem) bool, take func([]byte, int) bool) {
	for {
		b, err := l.next()
		switch {
		case errors.Is(err, io.EOF):
			return
		case errors.Is(err, errLong):
			if !bad(&Problem{f.Path, l.number, err}) {
				return
			}
			continue
		case err != nil:
			bad(&Problem{f.Path, 0, err})
			return
		}
		if l.number == 1 {
			b = bytes.TrimPrefix(b, utf8BOM)
		}
		if len(bytes.TrimSpace(b)) == 0 {
			continue
		}
		if !take(b, l.number) {
			return
		}
	}
}
