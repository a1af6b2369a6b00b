package openapi

import (
	"fmt"
	"maps"
	"mime"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Operation is one method of one path.
type Operation struct {
	// ID is its operationId.
	ID string

	document *Document
	params   []param
	query    []string // the names of those of the query, as they are listed
	free     bool     // the query is not read here: an object stands for all of it
	bodies   map[string]*jsonschema.Schema
	answers  map[int]answer
}

// param is one parameter of the path, the query or a header.
type param struct {
	name, in, kind string // kind is the schema's type
	required       bool
	schema         *jsonschema.Schema
	must           string // what it must be, in words
}

func (d *Document) operation(pointer string, o map[string]any) (*Operation, error) {
	op := &Operation{ID: text(o["operationId"]), document: d, bodies: map[string]*jsonschema.Schema{}, answers: map[int]answer{}}
	list, _ := o["parameters"].([]any)
	for i := range list {
		p, err := d.param(pointer + "/parameters/" + strconv.Itoa(i))
		if err != nil {
			return nil, err
		}
		if p.in == "query" && p.kind == "object" {
			op.free = true
			continue
		}
		op.params = append(op.params, p)
		if p.in == "query" {
			op.query = append(op.query, p.name)
		}
	}
	content := pointer + "/requestBody/content"
	for kind := range object(d.at(content)) {
		s, err := d.compile(content + "/" + escape(kind) + "/schema")
		if err != nil {
			return nil, err
		}
		op.bodies[kind] = s
	}
	for code := range object(o["responses"]) {
		status, err := strconv.Atoi(code)
		if err != nil {
			return nil, fmt.Errorf("a status must be a number (got %q)", code)
		}
		if op.answers[status], err = d.answer(pointer + "/responses/" + code); err != nil {
			return nil, err
		}
	}
	return op, nil
}

func (d *Document) param(pointer string) (param, error) {
	pointer, o := d.resolve(pointer)
	_, schema := d.resolve(pointer + "/schema")
	s, err := d.compile(pointer + "/schema")
	p := param{name: text(o["name"]), in: text(o["in"]), required: o["required"] == true, kind: text(schema["type"]), schema: s, must: must(schema)}
	return p, err
}

func (d *Document) compile(pointer string) (*jsonschema.Schema, error) {
	return d.compiler.Compile(location + "#" + pointer)
}

// media are the content types that a body may have.
func (o *Operation) media() string { return oneOf(slices.Sorted(maps.Keys(o.bodies))) }

// mediaType reads a content type; only UTF-8 is spoken here.
func mediaType(header string) (string, bool) {
	kind, params, err := mime.ParseMediaType(header)
	return kind, err == nil && (params["charset"] == "" || strings.EqualFold(params["charset"], "utf-8"))
}

func oneOf(list []string) string {
	switch n := len(list); n {
	case 0:
		return "nothing"
	case 1:
		return list[0]
	default:
		return "one of " + strings.Join(list, ", ")
	}
}
