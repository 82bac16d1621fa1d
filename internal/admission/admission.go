package admission

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"path"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"sigs.k8s.io/yaml"
)

//go:embed crds/*.yaml
var crds embed.FS

// Validator judges objects of one kind.
type Validator struct {
	values     validation.SchemaValidator
	structural *schema.Structural
	rules      *cel.Validator
}

// New returns the validator of a kind by the plural of its name, for example "oauthusers".
func New(plural string) (*Validator, error) {
	text, err := crds.ReadFile(path.Join("crds", "authserver.dev_"+plural+".yaml"))
	if err != nil {
		return nil, fmt.Errorf("reading the definition of %s: %w", plural, err)
	}
	var crd apiextensionsv1.CustomResourceDefinition
	if err := yaml.UnmarshalStrict(text, &crd); err != nil {
		return nil, fmt.Errorf("reading the definition of %s: %w", plural, err)
	}
	var properties apiextensions.JSONSchemaProps
	versioned := crd.Spec.Versions[0].Schema.OpenAPIV3Schema
	if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(versioned, &properties, nil); err != nil {
		return nil, fmt.Errorf("reading the schema of %s: %w", plural, err)
	}
	v := &Validator{}
	if v.values, _, err = validation.NewSchemaValidator(&properties); err != nil {
		return nil, fmt.Errorf("reading the schema of %s: %w", plural, err)
	}
	if v.structural, err = schema.NewStructural(&properties); err != nil {
		return nil, fmt.Errorf("reading the schema of %s: %w", plural, err)
	}
	v.rules = cel.NewValidator(v.structural, true, celconfig.PerCallLimit)
	return v, nil
}

// Object returns a resource as the maps that JSON decodes into.
func Object(resource any) (map[string]any, error) {
	text, err := json.Marshal(resource)
	if err != nil {
		return nil, fmt.Errorf("encoding %T: %w", resource, err)
	}
	var object map[string]any
	if err := json.Unmarshal(text, &object); err != nil {
		return nil, fmt.Errorf("encoding %T: %w", resource, err)
	}
	return wholeNumbers(object).(map[string]any), nil //nolint:forcetypeassert // an object stays one
}

// wholeNumbers makes integers of numbers without a fraction, as the API server decodes them.
func wholeNumbers(value any) any {
	switch value := value.(type) {
	case map[string]any:
		for name, member := range value {
			value[name] = wholeNumbers(member)
		}
	case []any:
		for i, item := range value {
			value[i] = wholeNumbers(item)
		}
	case float64:
		if whole := int64(value); float64(whole) == value {
			return whole
		}
	}
	return value
}

// Validate returns why the API server would refuse to create the object.
func (v *Validator) Validate(ctx context.Context, object map[string]any) field.ErrorList {
	var errs field.ErrorList
	metadata, _ := object["metadata"].(map[string]any)
	name, _ := metadata["name"].(string)
	for _, problem := range apivalidation.NameIsDNSSubdomain(name, false) {
		errs = append(errs, field.Invalid(field.NewPath("metadata", "name"), name, problem))
	}
	errs = append(errs, validation.ValidateCustomResource(nil, object, v.values)...)
	errs = append(errs, listtype.ValidateListSetsAndMaps(nil, v.structural, object)...)
	if len(errs) > 0 { // rules are written for objects that fit the schema
		return errs
	}
	errs, _ = v.rules.Validate(ctx, nil, v.structural, object, nil, celconfig.RuntimeCELCostBudget)
	return errs
}
