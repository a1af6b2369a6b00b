package pack

import (
	"fmt"
	"reflect"
	"strings"
)

// Layout describes how values of v's type are written: the names and types of all fields. Two types with the same layout
// read each other's bytes.
func Layout(v any) string {
	var b strings.Builder
	describe(&b, reflect.TypeOf(v))
	return b.String()
}

func describe(b *strings.Builder, t reflect.Type) {
	switch t.Kind() {
	case reflect.Slice:
		b.WriteString("[]")
		describe(b, t.Elem())
	case reflect.Array:
		fmt.Fprintf(b, "[%d]", t.Len())
		describe(b, t.Elem())
	case reflect.Pointer:
		b.WriteString("*")
		describe(b, t.Elem())
	case reflect.Map:
		b.WriteString("map[")
		describe(b, t.Key())
		b.WriteString("]")
		describe(b, t.Elem())
	case reflect.Struct:
		b.WriteString("{")
		for _, i := range fields(t) {
			b.WriteString(t.Field(i).Name + " ")
			describe(b, t.Field(i).Type)
			b.WriteString(";")
		}
		b.WriteString("}")
	case reflect.Bool, reflect.String, reflect.Float64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		b.WriteString(t.Kind().String())
	default:
		panic(unsupported(t))
	}
}
