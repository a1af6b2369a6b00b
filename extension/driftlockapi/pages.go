package driftlockapi

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/driftlock/driftlock/ui"
)

// asset is a file of the dashboard in the forms in which it is sent.
type asset struct {
	kind         string
	tag          string // of its content
	plain, small []byte // small: by gzip; nil where that saves nothing
}

// assets are the dashboard's files by their path. They are compressed once in a process.
var assets = sync.OnceValue(func() map[string]*asset {
	all, err := readAssets(ui.Files())
	if err != nil {
		panic(err) // an embedded file can be read
	}
	return all
})

func readAssets(files fs.FS) (map[string]*asset, error) {
	all := map[string]*asset{}
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), ".") {
			return err
		}
		b, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		hash := sha256.Sum256(b)
		a := &asset{kind: cmp.Or(kinds[path.Ext(name)], "application/octet-stream"), tag: hex.EncodeToString(hash[:16]), plain: b}
		var small bytes.Buffer
		z, err := gzip.NewWriterLevel(&small, gzip.BestCompression)
		if err != nil {
			return err
		}
		if _, err := z.Write(b); err != nil {
			return err
		}
		if err := z.Close(); err != nil {
			return err
		}
		if small.Len() < len(b) {
			a.small = small.Bytes()
		}
		all[name] = a
		return nil
	})
	return all, err
}

// kinds are the types of what the dashboard is made of, as the API's document lists them.
var kinds = map[string]string{
	".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml",
	".woff2": "font/woff2", ".png": "image/png", ".txt": "text/plain; charset=utf-8", ".md": "text/plain; charset=utf-8",
}

// hashed is a name into which Vite put a hash of the content: what is behind it never changes.
var hashed = regexp.MustCompile(`-[A-Za-z0-9_-]{8}\.[a-z0-9]+$`)

// pagePolicy lets a page run the scripts and styles of this origin, ask this origin, and nothing else.
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// page serves the dashboard, which looks at the path by itself.
func (h *handler) page(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Content-Security-Policy", pagePolicy)
	sendAsset(w, r, assets()["index.html"], "no-cache", http.StatusOK)
	return nil
}

// anomalyPage is the one page whose path can be wrong.
const anomalyPage = "/anomalies/{id}"

// navigates tells whether somebody follows a link to a page, where an answer for programs would be of no use.
func navigates(r *http.Request) bool {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	first, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	return first != "v1" && first != "assets" && accepts(r.Header.Values("Accept"), "text/html")
}

// sendNoPage serves the dashboard at a path of which it says itself that nothing is there.
func sendNoPage(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Security-Policy", pagePolicy)
	w.Header().Add("Vary", "Accept")
	sendAsset(w, r, assets()["index.html"], "no-cache", http.StatusNotFound)
}

// asset serves what the dashboard loads, and the licences of what it is made of.
func (h *handler) asset(w http.ResponseWriter, r *http.Request) error {
	a := assets()["assets/"+r.PathValue("name")]
	if a == nil {
		return problem(http.StatusNotFound, "the dashboard has no file %s; load the page anew where it is of another version", clip(r.URL.Path))
	}
	cache := "no-cache"
	if hashed.MatchString(r.PathValue("name")) {
		cache = "public, max-age=31536000, immutable"
	}
	sendAsset(w, r, a, cache, http.StatusOK)
	return nil
}

func sendAsset(w http.ResponseWriter, r *http.Request, a *asset, cache string, status int) {
	body, tag := a.plain, `"`+a.tag+`"`
	header := w.Header()
	header.Add("Vary", "Accept-Encoding")
	header.Set("Cache-Control", cache)
	if a.small != nil && takesGzip(r.Header.Values("Accept-Encoding")) {
		body, tag = a.small, `"`+a.tag+`-gzip"`
		header.Set("Content-Encoding", "gzip")
	}
	header.Set("ETag", tag)
	if status == http.StatusOK && matches(r.Header.Values("If-None-Match"), tag) {
		header.Del("Content-Encoding")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	header.Set("Content-Type", a.kind)
	header.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		w.Write(body)
	}
}

// accepts reads Accept (RFC 9110, 12.5.1) for a type that is named itself: a wildcard is what programs send.
func accepts(accept []string, kind string) bool {
	return slices.ContainsFunc(elements(accept), func(one string) bool {
		named, weight, _ := strings.Cut(one, ";")
		return strings.EqualFold(strings.TrimSpace(named), kind) && weighty(weight)
	})
}

// weighty tells whether the parameters of a choice leave it one: its weight is not zero.
func weighty(parameters string) bool {
	for one := range strings.SplitSeq(parameters, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(one), "=")
		if q, err := strconv.ParseFloat(strings.TrimSpace(value), 64); strings.EqualFold(strings.TrimSpace(name), "q") && err == nil && q <= 0 {
			return false
		}
	}
	return true
}

// takesGzip reads Accept-Encoding (RFC 9110, 12.5.3): gzip, or whatever there is, unless at weight zero.
func takesGzip(accept []string) bool {
	any := false
	for _, one := range elements(accept) {
		coding, weight, _ := strings.Cut(one, ";")
		taken := weighty(weight)
		switch strings.ToLower(strings.TrimSpace(coding)) {
		case "gzip", "x-gzip":
			return taken
		case "*":
			any = taken
		}
	}
	return any
}

// matches compares weakly, as If-None-Match asks for.
func matches(header []string, tag string) bool {
	return slices.ContainsFunc(elements(header), func(one string) bool { return one == "*" || strings.TrimPrefix(one, "W/") == tag })
}

func elements(header []string) (list []string) {
	for _, line := range header {
		for one := range strings.SplitSeq(line, ",") {
			if one = strings.TrimSpace(one); one != "" {
				list = append(list, one)
			}
		}
	}
	return list
}
