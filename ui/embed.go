// Package ui holds the dashboard as Vite built it. It does not serve it.
package ui

import (
	"embed"
	"io/fs"
)

// dist has but a hidden file until the dashboard is built, so that Go builds without Node.
//
//go:embed all:dist placeholder
var files embed.FS

// Files are the dashboard's: index.html and what it loads, in assets. Where it was not built, there is an index.html that says so.
func Files() fs.FS {
	for _, folder := range []string{"dist", "placeholder"} {
		if sub, err := fs.Sub(files, folder); err == nil {
			if _, err := fs.Stat(sub, "index.html"); err == nil {
				return sub
			}
		}
	}
	panic("ui: the placeholder is not embedded") // the compiler embeds it
}
