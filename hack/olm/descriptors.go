package main

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

// descriptor says of one field how a console shows it. Spec and status descriptors have the same shape.
type descriptor struct {
	path, displayName, description string
	xDescriptors                   []string
}

const (
	ui         = "urn:alm:descriptor:com.tectonic.ui:"
	kubernetes = "urn:alm:descriptor:io.kubernetes"
)

// descriptors lists the fields below a schema: parents before children, names in alphabetical order. Elements of a list
// are at index 0, as consoles expect. Types of Kubernetes that have a widget of their own are not descended into.
func descriptors(schema *apiextensionsv1.JSONSchemaProps, prefix string) []descriptor {
	var list []descriptor
	for _, name := range slices.Sorted(maps.Keys(schema.Properties)) {
		field := schema.Properties[name]
		path := prefix + name
		widget := widgetOfType(name, path)
		d := descriptor{path: path, displayName: displayName(name), description: oneLine(field.Description), xDescriptors: widget}
		if widget == nil {
			d.xDescriptors = widgets(name, path, &field)
		}
		list = append(list, d)
		switch {
		case widget != nil:
		case field.Items != nil && field.Items.Schema != nil:
			list = append(list, descriptors(field.Items.Schema, path+"[0].")...)
		default:
			list = append(list, descriptors(&field, path+".")...)
		}
	}
	return list
}

// widgetOfType knows the fields whose type is one of Kubernetes' own.
func widgetOfType(name, path string) []string {
	switch name {
	case "resources", "resourceRequirements":
		return []string{ui + "resourceRequirements"}
	case "nodeAffinity", "podAffinity", "podAntiAffinity":
		return []string{ui + name}
	case "conditions":
		if path == name {
			return []string{kubernetes + ".conditions"}
		}
	}
	return nil
}

func widgets(name, path string, field *apiextensionsv1.JSONSchemaProps) []string {
	switch {
	case path == "replicas" && field.Type == "integer":
		return []string{ui + "podCount"}
	case name == "name" && strings.HasSuffix(strings.ToLower(path), "secretref.name"):
		return []string{kubernetes + ":Secret"}
	case len(field.Enum) > 0:
		list := make([]string, 0, len(field.Enum))
		for _, value := range field.Enum {
			list = append(list, ui+"select:"+strings.Trim(string(value.Raw), `"`))
		}
		return list
	case field.Type == "boolean":
		return []string{ui + "booleanSwitch"}
	case field.Type == "integer", field.Type == "number":
		return []string{ui + "number"}
	case field.Type == "string":
		return []string{ui + "text"}
	}
	return nil
}

// displayName turns a field's name into words: "accessTokenSeconds" into "Access Token Seconds", "jwksURI" into "JWKS URI".
func displayName(field string) string {
	words := strings.Fields(regexp.MustCompile(`([a-z0-9])([A-Z])`).ReplaceAllString(field, "$1 $2"))
	for i, word := range words {
		switch strings.ToLower(word) {
		case "acr", "acrs", "ca", "id", "jwks", "pkce", "pvc", "tls", "tos", "uid", "uri", "url":
			words[i] = strings.ToUpper(word)
		case "postgresql":
			words[i] = "PostgreSQL"
		case "sqlite":
			words[i] = "SQLite"
		default:
			runes := []rune(word)
			runes[0] = unicode.ToUpper(runes[0])
			words[i] = string(runes)
		}
	}
	return strings.Join(words, " ")
}

func oneLine(text string) string {
	return strings.Join(strings.Fields(text), " ")
}
