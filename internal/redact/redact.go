// Package redact takes secrets out of texts before they are shown: a list of rules, applied in their order.
// It does not find what no rule describes, and knows nothing of where a text comes from.
package redact

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Rule replaces what a pattern matches.
type Rule struct {
	// Pattern is a regular expression (RE2: its time is linear in the text).
	Pattern string `mapstructure:"pattern"`
	// Replace is what stands there instead; $1 or ${name} is a group of the pattern. Empty: [redacted].
	Replace string `mapstructure:"replace"`

	_ struct{}
}

// Mark stands for what was taken out where a rule does not say otherwise.
const Mark = "[redacted]"

// Limits of what a configuration may ask for: every text of a statement goes through every rule.
const (
	MaxRules   = 64
	maxPattern = 1024
	maxReplace = 256
)

// Redactor applies rules. It is safe for concurrent use.
type Redactor struct{ rules []compiled }

type compiled struct {
	pattern *regexp.Regexp
	replace string
	// hint is a text without which the pattern matches nothing. holds says whether a match is meant, from its first digit on.
	hint  string
	holds func(string) bool
}

// New compiles rules, which come behind the defaults where these are wanted.
func New(rules []Rule, defaults bool) (*Redactor, error) {
	r := &Redactor{}
	if defaults {
		r.rules = append(r.rules, standard...)
	}
	if len(rules) > MaxRules {
		return nil, fmt.Errorf("at most %d rules (got %d)", MaxRules, len(rules))
	}
	var errs []error
	for i := range rules {
		c, err := rules[i].compile()
		if err != nil {
			errs = append(errs, fmt.Errorf("[%d].%w", i, err))
			continue
		}
		r.rules = append(r.rules, c)
	}
	return r, errors.Join(errs...)
}

func (r *Rule) compile() (compiled, error) {
	switch {
	case r.Pattern == "":
		return compiled{}, errors.New("pattern must not be empty")
	case len(r.Pattern) > maxPattern:
		return compiled{}, fmt.Errorf("pattern must have at most %d bytes (got %d)", maxPattern, len(r.Pattern))
	case len(r.Replace) > maxReplace:
		return compiled{}, fmt.Errorf("replace must have at most %d bytes (got %d)", maxReplace, len(r.Replace))
	}
	p, err := regexp.Compile(r.Pattern)
	if err != nil {
		return compiled{}, fmt.Errorf("pattern %q is no regular expression of RE2: %w", r.Pattern, err)
	}
	if p.MatchString("") {
		return compiled{}, fmt.Errorf("pattern %q matches the empty text, and so between all characters", r.Pattern)
	}
	for _, group := range reference.FindAllStringSubmatch(r.Replace, -1) {
		name := group[1] + group[2]
		if group[0] != "$$" && !known(p, name) {
			return compiled{}, fmt.Errorf("replace names the group %q, which the pattern %q does not have (it has %d; a dollar is written $$, a name that text follows ${1})", name, r.Pattern, p.NumSubexp())
		}
	}
	c := compiled{pattern: p, replace: r.Replace}
	if c.replace == "" {
		c.replace = Mark
	}
	return c, nil
}

// reference is how Expand finds groups.
var reference = regexp.MustCompile(`\$(?:\$|(\w+)|\{(\w+)\})`)

func known(p *regexp.Regexp, name string) bool {
	if name == "" || p.SubexpIndex(name) >= 0 {
		return true
	}
	n := 0
	for _, c := range name {
		if c < '0' || c > '9' || n > p.NumSubexp() {
			return false
		}
		n = 10*n + int(c-'0')
	}
	return n <= p.NumSubexp()
}

// Text returns a text without what the rules describe. The same text gives the same.
func (r *Redactor) Text(s string) string {
	if r == nil || s == "" {
		return s
	}
	for i := range r.rules {
		s = r.rules[i].apply(s)
	}
	return s
}

// Cut is Text for the beginning of a longer text: its last word, of which nobody knows how it goes on, is left out.
func (r *Redactor) Cut(s string) string {
	if r == nil || len(r.rules) == 0 {
		return s
	}
	const ellipsis = "…"
	s = strings.TrimSuffix(s, ellipsis)
	from := max(0, len(s)-longestWord)
	if at := strings.LastIndexAny(s[from:], " \t\n,;"); at >= 0 {
		s = s[:from+at+1]
	} else {
		for from > 0 && !utf8.RuneStart(s[from]) {
			from--
		}
		s = s[:from]
	}
	return r.Text(s) + ellipsis
}

// longestWord is how much of a text's end Cut leaves out at most.
const longestWord = 256

func (c *compiled) apply(s string) string {
	if c.hint != "" && !strings.Contains(s, c.hint) || !c.pattern.MatchString(s) {
		return s
	}
	if c.holds == nil {
		return c.pattern.ReplaceAllString(s, c.replace)
	}
	return c.pattern.ReplaceAllStringFunc(s, func(match string) string {
		if !c.holds(match) {
			return match
		}
		return match[:strings.IndexAny(match, "0123456789")] + c.replace
	})
}
