// Package effective makes of the collector's configuration what may be shown: everything whose meaning is known to hold no secret, and a
// mark in place of the rest. It does not read files, and knows the configuration only as nested maps.
package effective

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Hidden stands where a value is not shown. The collector's own opaque strings come with the same mark.
const Hidden = "[REDACTED]"

// Redact returns a copy that holds no secret. A text is shown only where its key is known to hold none and its form is none of a
// credential's; numbers, truth values and durations are shown unless their key speaks of secrets. So a component of which nothing is known
// shows its numbers and the names of its keys.
func Redact(conf map[string]any) map[string]any {
	out, _ := redact(place{}, conf, false).(map[string]any)
	return out
}

// Hash tells two redacted configurations apart. It is that of what is shown: from a hash of the whole, a weak secret could be guessed.
func Hash(redacted map[string]any) string {
	b, err := json.Marshal(redacted) // keys come sorted
	if err != nil {
		return ""
	}
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

// place is where a value stands: its key, and the way there as own has it.
type place struct{ key, path string }

// under is the place of a key of the map that stands here. A component is named by its type: the name behind its slash is somebody's own.
func (p place) under(key string) place {
	if p.path == "" {
		return place{key, key}
	}
	segment := key
	if !strings.Contains(p.path, "/") {
		segment, _, _ = strings.Cut(key, "/")
	}
	return place{key, p.path + "/" + segment}
}

func redact(at place, v any, private bool) any {
	private = private || speaksOfSecrets(at.key) || slices.Contains(foreign, at.key)
	switch v := v.(type) {
	case nil, bool:
		return v
	case string:
		return redactText(at, v, private)
	case time.Duration:
		return v.String()
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			out[k] = redact(at.under(k), e, private)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = redact(at, e, private)
		}
		return out
	}
	return redactOther(at, reflect.ValueOf(v), private)
}

// redactOther is for types of a component's own.
func redactOther(at place, v reflect.Value, private bool) any {
	switch v.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64,
		reflect.Float32, reflect.Float64:
		if f := v.Interface(); !private {
			if _, err := json.Marshal(f); err == nil { // not so infinity
				return f
			}
		}
		return Hidden
	case reflect.Bool:
		return v.Bool()
	case reflect.String:
		return redactText(at, v.String(), private)
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return nil
		}
		return redact(at, v.Elem().Interface(), private)
	case reflect.Slice, reflect.Array:
		out := make([]any, v.Len())
		for i := range out {
			out[i] = redact(at, v.Index(i).Interface(), private)
		}
		return out
	case reflect.Map:
		out := make(map[string]any, v.Len())
		for _, k := range v.MapKeys() {
			name := fmt.Sprint(k.Interface())
			out[name] = redact(at.under(name), v.MapIndex(k).Interface(), private)
		}
		return out
	}
	return Hidden
}

func redactText(at place, s string, private bool) string {
	switch {
	case s == "" || s == Hidden:
		return s
	case private && !own[at.path] || credential.MatchString(s):
		return Hidden
	case isDuration(s):
		return s
	case !shown[at.key] && !own[at.path]:
		return Hidden
	case strings.Contains(s, "://"):
		return redactURL(s)
	}
	return s
}

func isDuration(s string) bool {
	_, err := time.ParseDuration(s)
	return err == nil
}

// redactURL leaves scheme, host and path.
func redactURL(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Opaque != "" {
		return Hidden
	}
	clean := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return clean.String() + " " + Hidden
	}
	return s
}

// secret are keys whose values are not shown, whatever their type.
var secret = regexp.MustCompile(`(?i)(^|[_.-])(pass(word|wd|phrase)?|pwd|secrets?|tokens?|credentials?|dsn|key|keys|api_?keys?|private|pem|jwt|cookies?|signature|salt|` +
	`authorization|bearer|username|user|login|sasl|connection_?string)([_.-]|$)|(?i)(password|secret|token|apikey|accesskey|privatekey|credential)`)

// speaksOfSecrets: the path of a secret's file is none, nor is a rate limit per key.
func speaksOfSecrets(key string) bool {
	return secret.MatchString(key) && !strings.HasSuffix(key, "_file") && key != "per_key"
}

// foreign are keys whose values hold names and values that somebody chose.
var foreign = []string{"headers", "additional_headers", "response_headers", "metadata", "attributes", "resource_attributes", "labels", "params", "environment", "env", "resource"}

// credential are forms that a text with a secret has.
var credential = regexp.MustCompile(`(?i)-----BEGIN|\bbearer\s|\bbasic\s+[a-z0-9+/=]{4,}|\b(password|passwd|pwd|secret|token|api[_-]?key)\s*[=:]|dlk_[0-9a-f]{8}|` +
	`\beyJ[a-z0-9_-]{8,}\.|\bAKIA[0-9A-Z]{8,}|\bgh[pousr]_[a-z0-9]{8,}`)
