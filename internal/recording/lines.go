package recording

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"

	"github.com/klauspost/compress/gzip"
)

// errLong is a line that is skipped for its length.
var errLong = fmt.Errorf("line is longer than %d MiB, skipped", MaxLine>>20)

// lines reads a file line by line, decompressing it if its first bytes say so, whatever its name.
type lines struct {
	path   string
	file   *os.File
	buf    *bufio.Reader
	gz     *gzip.Reader
	number int // of the line last returned
	line   []byte
	read   *atomic.Int64 // bytes of the file as stored
	max    int
}

// counted counts what is read of the file, for the progress bar.
type counted struct {
	r io.Reader
	n *atomic.Int64
}

func (c counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n.Add(int64(n))
	return n, err
}

// errDamaged is a file that can be opened but not read: one bad file among good ones, no mistake of whoever named it.
var errDamaged = errors.New("damaged from the start, skipped")

func openLines(path string, read *atomic.Int64) (*lines, error) {
	f, err := os.Open(path) //nolint:gosec // G304: whoever runs the command names the file
	if err != nil {
		return nil, err
	}
	l := &lines{path: path, file: f, read: read, max: MaxLine}
	if err := l.start(counted{f, read}); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return l, nil
}

func (l *lines) start(r io.Reader) error {
	stored := bufio.NewReaderSize(r, 64<<10)
	head, err := stored.Peek(2)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	l.buf = stored
	if len(head) == 2 && head[0] == 0x1f && head[1] == 0x8b {
		if l.gz, err = gzip.NewReader(stored); err != nil {
			return fmt.Errorf("%w: gzip: %w", errDamaged, err)
		}
		l.buf = bufio.NewReaderSize(l.gz, 256<<10)
	}
	return nil
}

// head is a look at the first bytes.
func (l *lines) head() []byte {
	b, _ := l.buf.Peek(4096)
	return b
}

// next returns the next line without its end, valid until the following call. A long line is errLong and reading may go on;
// io.EOF ends; any other error ends too, and what came before it is good.
func (l *lines) next() ([]byte, error) {
	l.line = l.line[:0]
	long := false
	for {
		part, err := l.buf.ReadSlice('\n')
		if long = long || len(l.line)+len(part) > l.max; !long {
			l.line = append(l.line, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF):
			if len(l.line) == 0 && !long {
				return nil, io.EOF
			}
		case err != nil:
			// The rest of a line that the damage cut off is not a line.
			return nil, fmt.Errorf("unreadable after line %d, what came before is used: %w", l.number, err)
		}
		l.number++
		if long {
			return nil, errLong
		}
		return trimEnd(l.line), nil
	}
}

func trimEnd(b []byte) []byte {
	if n := len(b); n > 0 && b[n-1] == '\n' {
		b = b[:n-1]
	}
	if n := len(b); n > 0 && b[n-1] == '\r' {
		b = b[:n-1]
	}
	return b
}

func (l *lines) close() error { return l.file.Close() }
