package apply

import "testing"

func TestContains(t *testing.T) {
	t.Parallel()
	have := map[string]any{
		"spec": map[string]any{
			"replicas": int64(1), "type": "ClusterIP", "clusterIP": "10.0.0.1",
			"ports": []any{map[string]any{"port": int64(80), "nodePort": int64(30000)}},
		},
	}
	tests := map[string]struct {
		want map[string]any
		ok   bool
	}{
		"same":           {have, true},
		"fields left":    {map[string]any{"spec": map[string]any{"type": "ClusterIP"}}, true},
		"in a list":      {map[string]any{"spec": map[string]any{"ports": []any{map[string]any{"port": int64(80)}}}}, true},
		"empty":          {map[string]any{"metadata": map[string]any{}, "list": []any{}}, true},
		"other value":    {map[string]any{"spec": map[string]any{"type": "NodePort"}}, false},
		"missing":        {map[string]any{"spec": map[string]any{"selector": "a"}}, false},
		"missing object": {map[string]any{"data": map[string]any{"key": "a"}}, false},
		"other type":     {map[string]any{"spec": "text"}, false},
		"object for one": {map[string]any{"spec": map[string]any{"type": map[string]any{}}}, false},
		"longer list":    {map[string]any{"spec": map[string]any{"ports": []any{map[string]any{"port": int64(80)}, "b"}}}, false},
		"shorter list":   {map[string]any{"spec": map[string]any{"ports": []any{}}}, false},
		"in a list, not": {map[string]any{"spec": map[string]any{"ports": []any{map[string]any{"port": int64(81)}}}}, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := contains(have, tt.want); got != tt.ok {
				t.Errorf("contains is %v, want %v", got, tt.ok)
			}
		})
	}
}
