package driftlockapi

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"path"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/driftlock/driftlock/ui"
)

func accept(encoding string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Accept-Encoding", encoding) }
}

func has(tag string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("If-None-Match", tag) }
}

// TestPages: every page is one document, for everybody, that the browser asks for anew each time and need not load anew.
func TestPages(t *testing.T) {
	t.Parallel()
	h := served(t, 1)
	tokensOf(t, h) // from here on the API asks who one is
	require.Equal(t, 401, get(t, h, "/v1/about").Code)
	index := get(t, h, "/")
	require.Contains(t, index.Body.String(), "<title>Driftlock</title>")
	for _, at := range []string{"/", "/?service=cart&window=6h", "/streams?q=a;b&q=%zz", "/settings", "/anomalies/0190a9d4-0000-7000-8000-000000000000?tab=x"} {
		w := get(t, h, at)
		require.Equal(t, 200, w.Code, at)
		require.Equal(t, index.Body.String(), w.Body.String())
		require.Equal(t, "text/html; charset=utf-8", w.Header().Get("Content-Type"))
		require.Equal(t, "no-cache", w.Header().Get("Cache-Control"))
		require.Equal(t, pagePolicy, w.Header().Get("Content-Security-Policy"))
	}
	require.NotContains(t, pagePolicy, "unsafe")
	require.NotContains(t, get(t, h, "/healthz").Header().Get("Content-Security-Policy"), "script-src", "answers that are no pages run nothing")

	zipped := request(t, h, http.MethodGet, "/", accept("br;q=1.0, gzip;q=0.8, *;q=0.1"))
	require.Equal(t, "gzip", zipped.Header().Get("Content-Encoding"))
	require.Equal(t, "Accept-Encoding", zipped.Header().Get("Vary"))
	z, err := gzip.NewReader(zipped.Body)
	require.NoError(t, err)
	plain, err := io.ReadAll(z)
	require.NoError(t, err)
	require.Equal(t, index.Body.String(), string(plain))
	require.NotEqual(t, index.Header().Get("ETag"), zipped.Header().Get("ETag"), "two encodings are two representations")

	for _, tag := range []string{index.Header().Get("ETag"), "W/" + index.Header().Get("ETag"), `"x", ` + index.Header().Get("ETag"), "*"} {
		w := request(t, h, http.MethodGet, "/", has(tag))
		require.Equal(t, http.StatusNotModified, w.Code, tag)
		require.Zero(t, w.Body.Len())
	}
	require.Equal(t, 200, request(t, h, http.MethodGet, "/", has(zipped.Header().Get("ETag"))).Code)
	head := request(t, h, http.MethodHead, "/")
	require.Equal(t, 200, head.Code)
	require.Zero(t, head.Body.Len())
	require.Equal(t, index.Header().Get("Content-Length"), head.Header().Get("Content-Length"))
}

func wants(kinds string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Accept", kinds) }
}

// TestNoPage: who follows a link to nothing gets the dashboard, which says so; a program gets what programs read.
func TestNoPage(t *testing.T) {
	t.Parallel()
	const browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
	h := served(t, 1)
	tokensOf(t, h)
	index := get(t, h, "/").Body.String()
	for _, at := range []string{"/anomalies/7", "/anomalies/7?tab=x", "/anomalies", "/nothing", "/streams/x", "/v2/anomalies", "/v1x", "/%E2%82%AC", "/a//b"} {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			w := request(t, h, method, at, wants(browser), has("*"))
			require.Equal(t, 404, w.Code, at)
			require.Equal(t, "text/html; charset=utf-8", w.Header().Get("Content-Type"), at)
			require.Equal(t, pagePolicy, w.Header().Get("Content-Security-Policy"))
			require.Equal(t, []string{"Accept", "Accept-Encoding"}, w.Header().Values("Vary"))
			if method == http.MethodGet {
				require.Equal(t, index, w.Body.String(), at)
			}
		}
		for _, kinds := range []string{"", "*/*", "application/json", "text/*", "text/html;q=0, application/json"} {
			w := request(t, h, http.MethodGet, at, wants(kinds))
			require.Contains(t, []int{400, 404}, w.Code, at)
			require.Equal(t, "application/json; charset=utf-8", w.Header().Get("Content-Type"), "%s %s", at, kinds)
		}
		require.Equal(t, "application/json; charset=utf-8", request(t, h, http.MethodPost, at, wants(browser)).Header().Get("Content-Type"), at)
	}
	for _, at := range []string{"/v1", "/v1/", "/v1/nothing", "/v1/anomalies/7", "/assets/none.js", "/assets", "/v1//anomalies"} {
		w := request(t, h, http.MethodGet, at, wants(browser))
		require.Equal(t, "application/json; charset=utf-8", w.Header().Get("Content-Type"), at)
		require.GreaterOrEqual(t, w.Code, 400, at)
	}
	require.Equal(t, 200, request(t, h, http.MethodGet, "/healthz", wants(browser)).Code)
	require.Equal(t, 200, request(t, h, http.MethodGet, "/anomalies/0190a9d4-0000-7000-8000-000000000000", wants(browser)).Code, "whether it is stored, the page asks")
}

// TestAssets serves each file that is embedded, whatever was built, and no other.
func TestAssets(t *testing.T) {
	t.Parallel()
	h := served(t, 0)
	for name, a := range assets() {
		if name == "index.html" {
			continue
		}
		w := get(t, h, "/"+name)
		require.Equal(t, 200, w.Code, name)
		require.Equal(t, a.plain, w.Body.Bytes())
		if path.Ext(name) == ".md" {
			require.Equal(t, "no-cache", w.Header().Get("Cache-Control"), name)
		} else {
			require.Equal(t, "public, max-age=31536000, immutable", w.Header().Get("Cache-Control"), name)
		}
		require.NotContains(t, string(assets()["index.html"].plain), "<style")
	}
	for _, name := range []string{"/assets/none.js", "/assets/index.html", "/assets/.gitkeep"} {
		w := get(t, h, name)
		require.Equal(t, 404, w.Code, name)
		require.Contains(t, w.Body.String(), "load the page anew")
	}
	_, err := ui.Files().Open("index.html")
	require.NoError(t, err, "there is a page also where the dashboard was not built")
}

func TestReadAssets(t *testing.T) {
	t.Parallel()
	long := []byte(strings.Repeat("let a = 1;\n", 100))
	all, err := readAssets(fstest.MapFS{
		"index.html": {Data: []byte("<p>")}, ".gitkeep": {}, "assets/a.js": {Data: long}, "assets/b.css": {Data: []byte("a{}")}, "assets/c.wasm": {Data: long},
	})
	require.NoError(t, err)
	require.Len(t, all, 4)
	require.Equal(t, "text/javascript; charset=utf-8", all["assets/a.js"].kind)
	require.Less(t, len(all["assets/a.js"].small), len(long))
	require.Nil(t, all["assets/b.css"].small, "three bytes do not become fewer")
	require.Equal(t, "application/octet-stream", all["assets/c.wasm"].kind)
	require.True(t, bytes.Equal(all["assets/a.js"].plain, long))
	require.Equal(t, all["assets/a.js"].tag, all["assets/c.wasm"].tag)
}

func TestHashed(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"index-C1wLJM9u.js": true, "sans-latin-wght-normal-BbzFLZTg.woff2": true, "a-_b-c_d-e.css": true, "licenses.md": false, "index.js": false, "mark-short.svg": false,
	} {
		require.Equal(t, want, hashed.MatchString(name), name)
	}
}

func TestTakesGzip(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]bool{
		"": false, "gzip": true, "GZIP": true, "x-gzip": true, "br": false, "br, gzip": true, "gzip;q=0": false, "gzip; q=0.000": false, "gzip;q=0.1": true,
		"*": true, "*;q=0": false, "gzip;q=0, *": false, "identity, *;q=0.5": true, "gzip;x=1": true, " , ,gzip": true, "gzipped": false,
	} {
		require.Equal(t, want, takesGzip([]string{header}), header)
	}
	require.True(t, takesGzip([]string{"br", "gzip"}))
	require.False(t, takesGzip(nil))
}
