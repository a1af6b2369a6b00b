package canonical

// A stack trace is condensed to what makes two of them the same fault: the exceptions with their messages, in order, and of
// each the frames nearest to where it was thrown, as functions without files' line numbers, arguments and addresses.
// What follows the frames kept, and how deep the stack was, is left out.

const (
	// maxFrames is how many frames of each exception are kept.
	maxFrames = 3
	// maxLine bounds a line, maxLines the lines of one text that are looked at.
	maxLine  = 1024
	maxLines = 512
)

// lineKind is what a line of a text is within a stack trace.
type lineKind uint8

const (
	plainLine lineKind = iota // a message, or anything
	frameLine                 // a function
	skipLine                  // says nothing that lasts
	stopLine                  // from here on other threads
)

// tracer condenses one text. Frames of most languages come nearest first; Python's come last, so the last are held back.
type tracer[T string | []byte] struct {
	buf    []byte
	start  int
	limit  int
	frames int
	python bool
	golang bool
	held   [maxFrames]T
	holds  int
}

// appendTrace appends a text: as it is, or condensed when it is a stack trace; lines are separated by " | ".
func appendTrace[T string | []byte](buf []byte, text T, limit int) []byte {
	first := newline(text)
	if first < 0 || !traced(text) {
		return append(buf, text[:min(len(text), max(limit-len(buf), 0))]...)
	}
	t := tracer[T]{buf: buf, start: len(buf), limit: limit}
	for range maxLines {
		line := text
		if end := newline(text); end >= 0 {
			line, text = text[:end], text[end+1:]
		} else {
			text = text[:0]
		}
		if !t.take(trimRight(line[:min(len(line), maxLine)])) || len(text) == 0 || len(t.buf) >= limit {
			break
		}
	}
	t.release()
	return t.buf
}

// take reads one line; false ends the trace.
func (t *tracer[T]) take(line T) bool {
	kind, frame := t.read(line)
	switch kind {
	case stopLine:
		return false
	case skipLine:
	case frameLine:
		if t.python {
			if t.holds == maxFrames {
				copy(t.held[:], t.held[1:])
				t.holds--
			}
			t.held[t.holds] = frame
			t.holds++
		} else if t.frames < maxFrames {
			t.emit("at ", frame)
		}
		t.frames++
	default:
		t.release()
		t.frames = 0
		t.emit("", trimLeft(line))
	}
	return true
}

// release emits the frames held back.
func (t *tracer[T]) release() {
	for _, frame := range t.held[:t.holds] {
		t.emit("at ", frame)
	}
	t.holds = 0
}

func (t *tracer[T]) emit(prefix string, line T) {
	if len(line) == 0 || len(t.buf) >= t.limit {
		return
	}
	if len(t.buf) > t.start {
		t.buf = append(t.buf, " | "...)
	}
	t.buf = append(t.buf, prefix...)
	t.buf = append(t.buf, line[:min(len(line), max(t.limit-len(t.buf), 0))]...)
}

// read says what a line is, and of a frame the function.
func (t *tracer[T]) read(line T) (lineKind, T) {
	body := trimLeft(line)
	indented := len(body) < len(line)
	none := line[:0]
	switch {
	case len(body) == 0:
		return skipLine, none
	case hasPrefix(body, "Traceback (most recent call last)"):
		t.python = true
		return skipLine, none
	case hasPrefix(body, "goroutine "):
		if t.golang {
			return stopLine, none
		}
		t.golang = true
		return skipLine, none
	case hasPrefix(body, "at "): // Java and its kin, .NET, JavaScript
		return frameLine, function(body[len("at "):])
	case hasPrefix(body, "... ") || hasPrefix(body, "--- End of ") || hasPrefix(body, "During handling of") ||
		hasPrefix(body, "The above exception was"):
		return skipLine, none
	case t.python && hasPrefix(body, "File \""):
		return frameLine, pythonFrame(body)
	case t.python && indented: // the source line below a frame
		return skipLine, none
	case t.golang && (indented || hasPrefix(body, "exit status ")): // file and line of the function above
		return skipLine, none
	case t.golang:
		if hasPrefix(body, "runtime.") || hasPrefix(body, "panic(") || hasPrefix(body, "created by ") {
			return skipLine, none
		}
		return frameLine, function(body)
	}
	return plainLine, none
}

// traced tells whether a text of several lines has frames.
func traced[T string | []byte](text T) bool {
	for range maxLines {
		end := newline(text)
		if end < 0 {
			return false
		}
		text = text[end+1:]
		line := text[:min(len(text), 64)]
		body := trimLeft(line)
		if len(body) < len(line) && (hasPrefix(body, "at ") || hasPrefix(body, "File \"")) ||
			hasPrefix(body, "goroutine ") || hasPrefix(body, "at ") {
			return true
		}
	}
	return false
}

// function cuts a frame where its arguments, file or line begin: "a.B.c(B.java:7)", "c (/app/b.js:7:9)", "/app/b.js:7:9",
// "N.B.C(Int32 x) in /b.cs:line 7", "main.(*B).c(0xc000)".
func function[T string | []byte](frame T) T {
	from := 0
	for i := 0; i < len(frame); i++ {
		switch frame[i] {
		case '(':
			if i+1 < len(frame) && frame[i+1] == '*' { // a Go method's receiver
				for i < len(frame) && frame[i] != ')' {
					i++
				}
				continue
			}
			return trimRight(frame[from:i])
		case ':':
			if i+1 < len(frame) && frame[i+1] >= '0' && frame[i+1] <= '9' {
				return frame[from:i]
			}
		}
	}
	return frame[from:]
}

// pythonFrame is the file and the function of `File "/app/x.py", line 7, in f`.
func pythonFrame[T string | []byte](line T) T {
	// The file's path says where; the function stands behind the line number and would need a copy to be joined. A file's
	// name and its function nearly always go together, and the function is the better name.
	for i := len(line) - 1; i > 3; i-- {
		if line[i] == ' ' && line[i-1] == 'n' && line[i-2] == 'i' && line[i-3] == ' ' {
			return line[i+1:]
		}
	}
	return line[:0]
}

func newline[T string | []byte](text T) int {
	for i := range len(text) {
		if text[i] == '\n' {
			return i
		}
	}
	return -1
}

func hasPrefix[T string | []byte](text T, prefix string) bool {
	return len(text) >= len(prefix) && string(text[:len(prefix)]) == prefix
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' }

func trimLeft[T string | []byte](text T) T {
	for len(text) > 0 && isSpace(text[0]) {
		text = text[1:]
	}
	return text
}

func trimRight[T string | []byte](text T) T {
	for len(text) > 0 && isSpace(text[len(text)-1]) {
		text = text[:len(text)-1]
	}
	return text
}
