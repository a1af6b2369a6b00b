package openapi

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

var printer = message.NewPrinter(language.English)

// must says what a value has to be, to follow "must"; empty where the schema's own error says it better.
func must(schema map[string]any) string {
	if words := text(schema["x-must"]); words != "" {
		return words
	}
	if list, ok := schema["enum"].([]any); ok {
		return "be " + oneOf(texts(list))
	}
	switch schema["type"] {
	case "integer":
		return "be a whole number" + bounds(schema)
	case "number":
		return "be a number" + bounds(schema)
	case "boolean":
		return "be true or false"
	}
	switch schema["format"] {
	case "uuid":
		return "be a UUID"
	case "date-time":
		return "be a time as 2026-03-01T12:00:00Z"
	}
	return ""
}

func bounds(schema map[string]any) string {
	low, high := schema["minimum"], schema["maximum"]
	switch {
	case low != nil && high != nil:
		return fmt.Sprintf(" from %v to %v", low, high)
	case low != nil:
		return fmt.Sprintf(" from %v on", low)
	case high != nil:
		return fmt.Sprintf(" up to %v", high)
	}
	return ""
}

func texts(list []any) (out []string) {
	for _, v := range list {
		if s, ok := v.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

// leaf is the first thing that is wrong. Of alternatives none is the one that was meant.
func leaf(e *jsonschema.ValidationError) *jsonschema.ValidationError {
	for len(e.Causes) > 0 {
		if _, alternatives := e.ErrorKind.(*kind.OneOf); alternatives {
			break
		}
		e = e.Causes[0]
	}
	return e
}

func aboutLength(e *jsonschema.ValidationError) bool {
	switch leaf(e).ErrorKind.(type) {
	case *kind.MaxLength, *kind.MinLength:
		return true
	}
	return false
}

// explain says in one sentence what the first thing wrong is: which field, what it must be. What is checked has a name; its fields, which
// a document describes, have their own.
func explain(e *jsonschema.ValidationError, name string, d *Document) string {
	e = leaf(e)
	if len(e.InstanceLocation) > 0 {
		name = strings.Join(e.InstanceLocation, ".")
	}
	var schema map[string]any
	if d != nil {
		_, pointer, _ := strings.Cut(e.SchemaURL, "#")
		schema = object(d.at(pointer))
	}
	switch k := e.ErrorKind.(type) {
	case *kind.Required:
		field := object(schema["properties"])[k.Missing[0]]
		if ref := text(object(field)["$ref"]); ref != "" {
			_, field = d.resolve(strings.TrimPrefix(ref, "#"))
		}
		if words := must(object(field)); words != "" {
			return fmt.Sprintf("%s is missing; %s must %s", k.Missing[0], k.Missing[0], words)
		}
		return fmt.Sprintf("%s must have %s", name, strings.Join(k.Missing, ", "))
	case *kind.AdditionalProperties:
		known := slices.Sorted(maps.Keys(object(schema["properties"])))
		return fmt.Sprintf("%s has an unknown field %q; known: %s", name, clip(slices.Min(k.Properties)), strings.Join(known, ", "))
	case *kind.MaxLength:
		return fmt.Sprintf("%s must have at most %d characters (got %d)", name, k.Want, k.Got)
	case *kind.MinLength:
		return fmt.Sprintf("%s must have at least %d characters (got %d)", name, k.Want, k.Got)
	case *kind.Enum:
		return fmt.Sprintf("%s must be %s (got %s)", name, oneOf(texts(k.Want)), shown(k.Got))
	}
	if words := must(schema); words != "" {
		return fmt.Sprintf("%s must %s", name, words)
	}
	if k, ok := e.ErrorKind.(*kind.Type); ok {
		return fmt.Sprintf("%s must be of type %s (got %s)", name, strings.Join(k.Want, " or "), k.Got)
	}
	return fmt.Sprintf("%s is not what is expected: %s", name, clip(e.ErrorKind.LocalizedString(printer)))
}

func shown(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return "something else"
	}
	return clip(string(b))
}
