package postgres

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"
)

// A column says how one column of a table is written: rows go to the server column by column, as one array each, and
// `INSERT … SELECT … FROM unnest(…)` makes rows of them again. That is one round trip and one plan for any number of rows.
type column[R any] struct {
	name  string
	wire  string             // the array's element type on the way
	cast  string             // the column's own type where it differs
	array func(rows []R) any // the values, in a slice that the driver knows
}

func col[R, T any](name, wire, cast string, value func(*R) T) column[R] {
	return column[R]{name: name, wire: wire, cast: cast, array: func(rows []R) any {
		values := make([]T, len(rows))
		for i := range rows {
			values[i] = value(&rows[i])
		}
		return values
	}}
}

func text[R any](name string, value func(*R) string) column[R] {
	return col(name, "text", "", func(r *R) string { return clean(value(r)) })
}

func float[R any](name string, value func(*R) float64) column[R] {
	return col(name, "float8", "", value)
}

func integer[R any](name string, value func(*R) int64) column[R] {
	return col(name, "int8", "", value)
}

func boolean[R any](name string, value func(*R) bool) column[R] {
	return col(name, "bool", "", value)
}

func moment[R any](name string, value func(*R) time.Time) column[R] {
	return col(name, "timestamptz", "", value)
}

// object is a JSONB column of something that Go marshals; null where it is nil.
func object[R any](name string, value func(*R) any) column[R] {
	return col(name, "text", "jsonb", func(r *R) *string { return document(value(r)) })
}

// document is a value's JSON, as PostgreSQL takes it: <, > and & as they are, so that a search for a template's <*> finds it.
// What cannot be marshalled, which no type of ours is, becomes null.
func document(v any) *string {
	if raw, ok := v.(json.RawMessage); ok {
		if len(raw) == 0 {
			return nil
		}
		s := noNUL.Replace(strings.ToValidUTF8(string(raw), "\uFFFD"))
		return &s
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if v == nil || e.Encode(v) != nil {
		return nil
	}
	s := noNUL.Replace(strings.TrimSuffix(b.String(), "\n"))
	return &s
}

// noNUL: JSONB has no room for the character 0, wherever it is escaped. An escaped backslash before u0000 is not it.
var noNUL = strings.NewReplacer(`\\`, `\\`, `\u0000`, `\ufffd`)

// clean makes a text one that PostgreSQL takes: UTF-8 without the character 0.
func clean(s string) string {
	if utf8.ValidString(s) && !strings.Contains(s, "\x00") {
		return s
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// computed is a column whose value the server makes.
type computed struct{ name, expression string }

// insertion is `INSERT INTO table (columns) SELECT columns FROM unnest($1::text[], …) AS v`, without what follows about conflicts.
func insertion[R any](table string, columns []column[R], more ...computed) string {
	var names, values, arrays []string
	for i, c := range columns {
		names = append(names, c.name)
		v := "v." + c.name
		if c.cast != "" {
			v += "::" + c.cast
		}
		values = append(values, v)
		arrays = append(arrays, "$"+itoa(i+1)+"::"+c.wire+"[]")
	}
	list := strings.Join(names, ", ")
	for _, c := range more {
		names, values = append(names, c.name), append(values, c.expression)
	}
	return "INSERT INTO " + table + " (" + strings.Join(names, ", ") + ")\nSELECT " + strings.Join(values, ", ") +
		"\nFROM unnest(" + strings.Join(arrays, ", ") + ") AS v (" + list + ")"
}

func arguments[R any](columns []column[R], rows []R) []any {
	args := make([]any, len(columns))
	for i, c := range columns {
		args[i] = c.array(rows)
	}
	return args
}

func names[R any](columns []column[R]) []string {
	out := make([]string, len(columns))
	for i, c := range columns {
		out[i] = c.name
	}
	return out
}
