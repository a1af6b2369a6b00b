package openapi

import (
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Formats as the rest of the code reads them, so that what passes here is read there.
var formats = []jsonschema.Format{
	{Name: "date-time", Validate: func(v any) error {
		s, ok := v.(string)
		if !ok {
			return nil
		}
		_, err := Time(s)
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

// Time reads RFC 3339. Go alone would also take a comma for the fraction's point, and hours of one digit.
func Time(s string) (time.Time, error) {
	if len(s) < 20 || s[13] != ':' || len(s) > 19 && s[19] == ',' {
		return time.Time{}, errors.New("is no time of RFC 3339")
	}
	return time.Parse(time.RFC3339Nano, s)
}
