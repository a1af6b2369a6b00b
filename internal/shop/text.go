package shop

import (
	"fmt"
	"strconv"
	"strings"
)

// A text is a log line's pattern with its variables already found: {n:1:20} an integer, {hex:16}, {uuid}, {money}, {ip}, {one:a|b|c},
// and {user}, {order}, {product}, {session}, which are the request's own and so the same in each line of a trace.
type text struct {
	pieces []piece
}

type piece struct {
	literal string
	kind    string
	lo, hi  int64
	choice  []string
}

// parseText panics on a pattern it does not know: patterns are constants of this package, and its tests parse them all.
func parseText(pattern string) text {
	var t text
	for pattern != "" {
		open := strings.IndexByte(pattern, '{')
		if open < 0 {
			t.pieces = append(t.pieces, piece{literal: pattern})
			break
		}
		if open > 0 {
			t.pieces = append(t.pieces, piece{literal: pattern[:open]})
		}
		length := strings.IndexByte(pattern[open:], '}')
		if length < 0 {
			panic("shop: no closing brace in " + pattern)
		}
		t.pieces = append(t.pieces, parseVariable(pattern[open+1:open+length]))
		pattern = pattern[open+length+1:]
	}
	return t
}

func parseVariable(s string) piece {
	kind, rest, _ := strings.Cut(s, ":")
	p := piece{kind: kind}
	switch kind {
	case "n":
		lo, hi, _ := strings.Cut(rest, ":")
		p.lo, p.hi = mustInt(lo), mustInt(hi)
	case "hex":
		p.hi = mustInt(rest)
	case "one":
		p.choice = strings.Split(rest, "|")
	case "uuid", "money", "ip", "user", "order", "product", "session":
	default:
		panic("shop: unknown variable {" + s + "}")
	}
	return p
}

func mustInt(s string) int64 {
	v, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		panic(fmt.Sprintf("shop: %v", err))
	}
	return v
}

const hexDigits = "0123456789abcdef"

func appendHex(b []byte, v uint64, digits int) []byte {
	for i := digits - 1; i >= 0; i-- {
		b = append(b, hexDigits[v>>(uint(i)%16*4)&15])
	}
	return b
}

func appendUUID(b []byte, hi, lo uint64) []byte {
	b = append(appendHex(b, hi>>32, 8), '-')
	b = append(appendHex(b, hi>>16, 4), '-', '4')
	b = append(appendHex(b, hi, 3), '-', 'a')
	b = append(appendHex(b, lo>>48, 3), '-')
	return appendHex(b, lo, 12)
}

// render writes the line; who is the key that the request's own values come from.
func (t text) render(b []byte, r *random, who uint64) []byte {
	for _, p := range t.pieces {
		switch p.kind {
		case "":
			b = append(b, p.literal...)
		case "n":
			b = strconv.AppendInt(b, r.between(p.lo, p.hi), 10)
		case "hex":
			b = appendHex(b, r.next(), int(p.hi))
		case "one":
			b = append(b, p.choice[r.next()%uint64(len(p.choice))]...)
		case "uuid":
			b = appendUUID(b, r.next(), r.next())
		case "money":
			b = strconv.AppendFloat(b, float64(r.between(199, 48999))/100, 'f', 2, 64)
		case "ip":
			b = fmt.Appendf(b, "10.%d.%d.%d", r.between(0, 3), r.between(0, 255), r.between(1, 254))
		case "user":
			b = strconv.AppendInt(b, 10000+int64(mix(who, 1)%40000), 10)
		case "order":
			b = append(b, "SO-"...)
			b = strconv.AppendInt(b, 100000+int64(mix(who, 2)%900000), 10)
		case "product":
			b = append(b, "sku-"...)
			b = strconv.AppendInt(b, 1000+int64(mix(who, 3)%600), 10)
		case "session":
			b = appendHex(b, mix(who, 4), 16)
		}
	}
	return b
}
