package openapi

import (
	"errors"

	"github.com/google/uuid"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/driftlock/driftlock/internal/rfc3339"
)

// Formats as the rest of the code reads them, so that what passes here is read there.
var formats = []jsonschema.Format{
	{Name: "date-time", Validate: func(v any) error {
		s, ok := v.(string)
		if !ok {
			return nil
		}
		_, err := rfc3339.Parse(s)
		return err
	}},
	{Name: "uuid", Validate: func(v any) error {
		s, ok := v.(string)
		if !ok {
			return nil
		}
		if _, err := uuid.Parse(s); err != nil || len(s) != 36 {
			return errors.New("is no UUID")
		}
		return nil
	}},
}
