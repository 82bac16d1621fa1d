package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/operator-framework/api/pkg/operators/v1alpha1"
	appsv1 "k8s.io/api/apps/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/util/yaml"
	sigsyaml "sigs.k8s.io/yaml"
)

// input is what the bundle is made of.
type input struct {
	version    string
	base       v1alpha1.ClusterServiceVersion
	icon       []byte
	crds       map[string][]byte // by file name, as they are
	schemas    map[string]*apiextensionsv1.CustomResourceDefinition
	samples    []map[string]any
	rules      []rbacv1.PolicyRule
	deployment appsv1.Deployment
}

func readInput(root string) (*input, error) {
	in := &input{crds: map[string][]byte{}, schemas: map[string]*apiextensionsv1.CustomResourceDefinition{}}
	version, err := os.ReadFile(filepath.Join(root, "VERSION"))
	if err != nil {
		return nil, fmt.Errorf("reading the version: %w", err)
	}
	in.version = strings.TrimPrefix(strings.TrimSpace(string(version)), "v")
	folder := filepath.Join(root, "config")
	if err := readObject(filepath.Join(folder, "manifests", "csv.yaml"), "ClusterServiceVersion", &in.base); err != nil {
		return nil, err
	}
	if in.icon, err = os.ReadFile(filepath.Join(folder, "manifests", "icon.svg")); err != nil {
		return nil, fmt.Errorf("reading the icon: %w", err)
	}
	if err := readObject(filepath.Join(folder, "manager", "manager.yaml"), "Deployment", &in.deployment); err != nil {
		return nil, err
	}
	var cluster rbacv1.ClusterRole
	if err := readObject(filepath.Join(folder, "rbac", "role.yaml"), "ClusterRole", &cluster); err != nil {
		return nil, err
	}
	var election rbacv1.Role
	if err := readObject(filepath.Join(folder, "rbac", "leader_election.yaml"), "Role", &election); err != nil {
		return nil, err
	}
	in.rules = slices.Concat(cluster.Rules, election.Rules)
	if err := in.readCRDs(filepath.Join(folder, "crd", "bases")); err != nil {
		return nil, err
	}
	if err := in.readSamples(filepath.Join(folder, "samples")); err != nil {
		return nil, err
	}
	return in, nil
}

func (in *input) readCRDs(folder string) error {
	files, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil {
		return fmt.Errorf("listing the CRDs: %w", err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("reading a CRD: %w", err)
		}
		crd := &apiextensionsv1.CustomResourceDefinition{}
		if err := readObject(file, "CustomResourceDefinition", crd); err != nil {
			return err
		}
		in.crds[filepath.Base(file)] = content
		in.schemas[crd.Name] = crd
	}
	return nil
}

// readSamples takes the custom resources of the samples, not the Secrets beside them. The names of the two files are
// written down, since others use the same names for their objects.
func (in *input) readSamples(folder string) error {
	for _, name := range []string{"demo.yaml", "production.yaml"} {
		documents, err := readDocuments(filepath.Join(folder, name))
		if err != nil {
			return err
		}
		for _, document := range documents {
			var object map[string]any
			if err := sigsyaml.Unmarshal(document, &object); err != nil {
				return fmt.Errorf("parsing %s: %w", name, err)
			}
			if version, ok := object["apiVersion"].(string); ok && strings.HasPrefix(version, "authserver.dev/") {
				in.samples = append(in.samples, object)
			}
		}
	}
	return nil
}

// readObject reads the one object of a kind from a file with one or more documents. An unknown field is an error.
func readObject(file, kind string, into any) error {
	documents, err := readDocuments(file)
	if err != nil {
		return err
	}
	for _, document := range documents {
		var head struct {
			Kind string `json:"kind"`
		}
		if err := sigsyaml.Unmarshal(document, &head); err != nil {
			return fmt.Errorf("parsing %s: %w", file, err)
		}
		if head.Kind != kind {
			continue
		}
		if err := sigsyaml.UnmarshalStrict(document, into); err != nil {
			return fmt.Errorf("parsing the %s of %s: %w", kind, file, err)
		}
		return nil
	}
	return fmt.Errorf("no %s in %s", kind, file)
}

func readDocuments(file string) ([][]byte, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading manifests: %w", err)
	}
	reader := yaml.NewDocumentDecoder(io.NopCloser(bytes.NewReader(content)))
	defer reader.Close()
	var documents [][]byte
	for {
		buffer := make([]byte, len(content)+1)
		n, err := reader.Read(buffer)
		if errors.Is(err, io.EOF) {
			return documents, nil
		}
		if err != nil {
			return nil, fmt.Errorf("splitting %s: %w", file, err)
		}
		documents = append(documents, buffer[:n])
	}
}
