// Package openapi holds the API's document, and requests and answers to what it says.
// It does not route, does not know who asks, and writes no answers.
package openapi

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

//go:embed document
var files embed.FS

// Document is the API's description with its schemas compiled.
type Document struct {
	// JSON is what is served.
	JSON []byte

	root       map[string]any
	compiler   *jsonschema.Compiler
	operations map[string]map[string]*Operation // by path, by method
}

// Load reads the embedded document. It fails only where the document is wrong, which its tests rule out.
func Load() (*Document, error) { return load(func(map[string]any) {}) }

// Served is the document that the API serves.
func Served() *Document {
	d, err := served()
	if err != nil {
		panic(fmt.Errorf("the API's document is wrong: %w", err)) // its tests rule it out
	}
	return d
}

var served = sync.OnceValues(Load)

// Strict is the document in which an object has no field that is not described: a field that an answer has and the document forgot shows.
func Strict() (*Document, error) { return load(closeObjects) }

func load(change func(map[string]any)) (*Document, error) {
	text, err := source()
	if err != nil {
		return nil, err
	}
	d := &Document{operations: map[string]map[string]*Operation{}}
	if d.JSON, err = toJSON(text); err != nil {
		return nil, err
	}
	root, err := jsonschema.UnmarshalJSON(bytes.NewReader(d.JSON))
	if err != nil {
		return nil, err
	}
	d.root = root.(map[string]any)
	change(d.root)
	d.compiler = jsonschema.NewCompiler()
	d.compiler.DefaultDraft(jsonschema.Draft2020)
	d.compiler.AssertFormat()
	for _, f := range formats {
		d.compiler.RegisterFormat(&f)
	}
	if err := d.compiler.AddResource(location, d.root); err != nil {
		return nil, err
	}
	for path, item := range object(d.root["paths"]) {
		d.operations[path] = map[string]*Operation{}
		for method, op := range object(item) {
			o, err := d.operation("/paths/"+escape(path)+"/"+method, object(op))
			if err != nil {
				return nil, fmt.Errorf("%s %s: %w", method, path, err)
			}
			d.operations[path][strings.ToUpper(method)] = o
		}
	}
	return d, nil
}

// location is the document's name among schemas; nothing is ever fetched from it.
const location = "file:///openapi.json"

// source puts the files together.
func source() ([]byte, error) {
	entries, err := files.ReadDir("document")
	if err != nil {
		return nil, err
	}
	var text []byte
	for _, e := range entries {
		b, err := files.ReadFile("document/" + e.Name())
		if err != nil {
			return nil, err
		}
		text = append(text, b...)
	}
	return text, nil
}

// toJSON leaves out what at the top level begins with x-: it is there for its anchors.
func toJSON(text []byte) ([]byte, error) {
	var root map[string]any
	if err := yaml.Unmarshal(text, &root); err != nil {
		return nil, err
	}
	for name := range root {
		if strings.HasPrefix(name, "x-") {
			delete(root, name)
		}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(root); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// Operation is what the document says of a path and method; nil where it says nothing. HEAD is GET.
func (d *Document) Operation(path, method string) *Operation {
	if method == http.MethodHead {
		method = http.MethodGet
	}
	return d.operations[path][method]
}

// Operations lists what is described, as "GET /path".
func (d *Document) Operations() (list []string) {
	for path, methods := range d.operations {
		for method := range methods {
			list = append(list, method+" "+path)
		}
	}
	return list
}

// at follows a JSON pointer, and references on its way and at its end; nil where it leads nowhere.
func (d *Document) at(pointer string) any {
	var v any = d.root
	for _, step := range strings.Split(pointer, "/")[1:] {
		step = strings.NewReplacer("~1", "/", "~0", "~").Replace(step)
		switch in := v.(type) {
		case map[string]any:
			v = in[step]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(in) {
				return nil
			}
			v = in[i]
		default:
			return nil
		}
	}
	return v
}

// resolve follows the reference that an object is, if it is one, and says where the object lies.
func (d *Document) resolve(pointer string) (string, map[string]any) {
	for {
		o := object(d.at(pointer))
		ref, ok := o["$ref"].(string)
		if !ok {
			return pointer, o
		}
		pointer = strings.TrimPrefix(ref, "#")
	}
}

func object(v any) map[string]any {
	o, _ := v.(map[string]any)
	return o
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

func escape(step string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(step) }

// closeObjects forbids what is not described in every schema that describes fields.
func closeObjects(o map[string]any) {
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if _, described := v["properties"].(map[string]any); described && v["additionalProperties"] == nil {
				v["additionalProperties"] = false
			}
			for _, e := range v {
				walk(e)
			}
		case []any:
			for _, e := range v {
				walk(e)
			}
		}
	}
	walk(object(o["components"])["schemas"])
}
