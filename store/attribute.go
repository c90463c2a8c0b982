package store

import (
	"strconv"
	"strings"
)

// AttributeText writes an attribute of an account for people, headers and templates: the elements of a list with
// separator between them, a number without an exponent, a yes or no as true or false.
func AttributeText(value any, separator string) string {
	switch v := value.(type) {
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case []any:
		parts := make([]string, len(v))
		for i, element := range v {
			parts[i] = AttributeText(element, separator)
		}
		return strings.Join(parts, separator)
	}
	return ""
}
