package canonical

import (
	"unicode/utf16"
	"unicode/utf8"
)

// collectJSON takes in a text that is one JSON object, without copying its strings. False: the text is none, or nests
// too deep; then nothing was collected.
func (s *Scratch) collectJSON(text string) bool {
	j := jsonReader{s: s, text: text}
	j.space()
	if j.peek() != '{' || !j.object(span{}, maxDepth) {
		s.resetFields()
		return false
	}
	j.space()
	if j.at != len(text) {
		s.resetFields()
		return false
	}
	return true
}

type jsonReader struct {
	s    *Scratch
	text string
	at   int
}

func (j *jsonReader) peek() byte {
	if j.at < len(j.text) {
		return j.text[j.at]
	}
	return 0
}

func (j *jsonReader) space() {
	for j.at < len(j.text) && (j.text[j.at] == ' ' || j.text[j.at] == '\n' || j.text[j.at] == '\t' || j.text[j.at] == '\r') {
		j.at++
	}
}

// take moves past c, and the space around it.
func (j *jsonReader) take(c byte) bool {
	j.space()
	if j.peek() != c {
		return false
	}
	j.at++
	j.space()
	return true
}

func (j *jsonReader) object(key span, depth int) bool {
	j.take('{')
	if j.take('}') {
		if key.to > key.from {
			j.s.add(key, wordField, "{}")
		}
		return true
	}
	for {
		name, _, ok := j.string()
		if !ok || len(j.s.bytes) > maxBytes || !j.take(':') || !j.value(j.s.path(key, name), depth-1) {
			return false
		}
		if j.take('}') {
			return true
		}
		if !j.take(',') {
			return false
		}
	}
}

func (j *jsonReader) list(key span, depth int) bool {
	j.take('[')
	if j.take(']') {
		j.s.add(key, wordField, "[]")
		return true
	}
	for {
		if !j.value(key, depth-1) {
			return false
		}
		if j.take(']') {
			return true
		}
		if !j.take(',') {
			return false
		}
	}
}

func (j *jsonReader) value(key span, depth int) bool {
	if depth < 0 {
		return false
	}
	switch c := j.peek(); {
	case c == '{':
		return j.object(key, depth)
	case c == '[':
		return j.list(key, depth)
	case c == '"':
		text, escaped, ok := j.string()
		if escaped {
			j.s.add(key, escapedField, text)
		} else {
			j.s.add(key, textField, text)
		}
		return ok
	case c == '-' || c >= '0' && c <= '9':
		from := j.at
		for j.at < len(j.text) && isNumber(j.text[j.at]) {
			j.at++
		}
		j.s.add(key, numberField, j.text[from:j.at])
		return true
	default:
		for _, word := range [...]string{"true", "false", "null"} {
			if len(j.text)-j.at >= len(word) && j.text[j.at:j.at+len(word)] == word {
				j.at += len(word)
				if word == "null" {
					word = "" // as an empty value of pdata
				}
				j.s.add(key, wordField, word)
				return true
			}
		}
		return false
	}
}

func isNumber(c byte) bool {
	return c >= '0' && c <= '9' || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E'
}

// string is what stands between two quotes, escapes and all.
func (j *jsonReader) string() (text string, escaped, ok bool) {
	if j.peek() != '"' {
		return "", false, false
	}
	j.at++
	from := j.at
	for j.at < len(j.text) {
		switch j.text[j.at] {
		case '"':
			j.at++
			return j.text[from : j.at-1], escaped, true
		case '\\':
			escaped = true
			j.at++
		}
		j.at++
	}
	return "", false, false
}

// appendUnescaped resolves JSON's escapes. What is none stays as it is.
func appendUnescaped[T string | []byte](buf []byte, text T) []byte {
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c != '\\' || i+1 == len(text) {
			buf = append(buf, c)
			continue
		}
		i++
		switch text[i] {
		case 'n':
			buf = append(buf, '\n')
		case 't':
			buf = append(buf, '\t')
		case 'r', 'b', 'f':
			buf = append(buf, ' ')
		case 'u':
			r, ok := hex4(text, i+1)
			if !ok {
				buf = append(buf, '\\', 'u')
				continue
			}
			i += 4
			if utf16.IsSurrogate(r) {
				low := rune(utf8.RuneError)
				if i+2 < len(text) && text[i+1] == '\\' && text[i+2] == 'u' {
					if v, ok := hex4(text, i+3); ok {
						low = v
					}
				}
				if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
					i += 6
				}
			}
			buf = utf8.AppendRune(buf, r)
		default:
			buf = append(buf, text[i])
		}
	}
	return buf
}

func hex4[T string | []byte](text T, at int) (rune, bool) {
	if at+4 > len(text) {
		return 0, false
	}
	var r rune
	for i := at; i < at+4; i++ {
		d := hexDigit(text[i])
		if d > 15 {
			return 0, false
		}
		r = r<<4 | rune(d)
	}
	return r, true
}

// collectLogfmt takes in a text that is key=value throughout and has a message. False: it is not, and nothing was collected.
func (s *Scratch) collectLogfmt(text string) bool {
	message := false
	for i := 0; i < len(text); {
		if text[i] == ' ' {
			i++
			continue
		}
		from := i
		for i < len(text) && isKey(text[i]) {
			i++
		}
		if i == from || i == len(text) || text[i] != '=' {
			s.resetFields()
			return false
		}
		key := text[from:i]
		message = message || key == "msg" || key == "message"
		path := s.path(span{}, key)
		i++
		if i < len(text) && text[i] == '"' {
			j := jsonReader{text: text, at: i}
			value, escaped, ok := j.string()
			if !ok {
				s.resetFields()
				return false
			}
			kind := textField
			if escaped {
				kind = escapedField
			}
			s.add(path, kind, value)
			i = j.at
			continue
		}
		from = i
		for i < len(text) && text[i] != ' ' {
			i++
		}
		kind := textField
		if number := i > from; number {
			for _, c := range []byte(text[from:i]) {
				number = number && isNumber(c)
			}
			if number {
				kind = numberField
			}
		}
		s.add(path, kind, text[from:i])
	}
	if !message {
		s.resetFields()
	}
	return message
}

func isKey(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '.' || c == '-' || c == '@' || c == '/'
}
