package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestExitCode(t *testing.T) {
	for _, c := range []struct {
		err  error
		code int
		said string
	}{
		{nil, 0, ""},
		{errors.New("no such file"), Failed, "replay: no such file\n"},
		{fmt.Errorf("flags: %w", Usage(errors.New("name a file"))), BadUsage, "replay: flags: name a file\nRun 'replay --help' for the flags and examples.\n"},
		{fmt.Errorf("send: %w", context.Canceled), Interrupted, "replay: interrupted\n"},
		{fmt.Errorf("verify: %w", Coded(errors.New("it differs"), 3)), 3, "replay: verify: it differs\n"},
		{Usage(context.Canceled), BadUsage, "replay: context canceled\nRun 'replay --help' for the flags and examples.\n"},
	} {
		var stderr strings.Builder
		assert.Equal(t, c.code, ExitCode("replay", c.err, &stderr))
		assert.Equal(t, c.said, stderr.String())
	}
}
