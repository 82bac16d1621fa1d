{{/* Name of the application. */}}
{{- define "authserver-operator.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" }}
{{- end }}

{{/* Name of the objects. 40 characters leave room for what is added. */}}
{{- define "authserver-operator.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride }}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" }}
{{- else if contains $name .Release.Name }}
{{- .Release.Name | trunc 40 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{/* Labels that select the operator's pods. They never change. */}}
{{- define "authserver-operator.selectorLabels" -}}
app.kubernetes.io/name: {{ include "authserver-operator.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* Labels of every object. Arguments: the root, and labels that go before all others. */}}
{{- define "authserver-operator.labels" -}}
{{- $root := index . 0 -}}
{{- $own := include "authserver-operator.selectorLabels" $root | fromYaml }}
{{- $_ := set $own "app.kubernetes.io/version" $root.Chart.AppVersion }}
{{- $_ := set $own "app.kubernetes.io/managed-by" $root.Release.Service }}
{{- $_ := set $own "helm.sh/chart" (printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-") }}
{{- merge (dict) (index . 1 | default dict) $own $root.Values.commonLabels | toYaml }}
{{- end }}

{{/* Labels and annotations in the metadata of an object. Arguments: the root, annotations, labels. */}}
{{- define "authserver-operator.metadata" -}}
{{- $root := index . 0 -}}
labels:
  {{- include "authserver-operator.labels" (list $root (index . 2)) | nindent 2 }}
{{- with merge (dict) (index . 1 | default dict) $root.Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Reference of an image. Arguments: its values, the default tag. */}}
{{- define "authserver-operator.image" -}}
{{- $image := index . 0 -}}
{{- with $image.registry }}{{ . }}/{{ end }}{{ $image.repository }}
{{- if $image.digest }}@{{ $image.digest }}{{ else }}:{{ $image.tag | default (index . 1) }}{{ end }}
{{- end }}

{{- define "authserver-operator.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "authserver-operator.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{/* The watched namespaces, separated by commas; empty in the scope of the cluster. */}}
{{- define "authserver-operator.watchNamespaces" -}}
{{- if eq .Values.scope "namespaces" }}
{{- default (list .Release.Namespace) .Values.watchNamespaces | uniq | sortAlpha | join "," }}
{{- end }}
{{- end }}

{{/* Where objects go whose namespace is not said: the release's, unless the operator does not look there. */}}
{{- define "authserver-operator.resourceNamespace" -}}
{{- $watched := include "authserver-operator.watchNamespaces" . }}
{{- if or (not $watched) (has .Release.Namespace (splitList "," $watched)) }}
{{- .Release.Namespace }}
{{- else }}
{{- splitList "," $watched | first }}
{{- end }}
{{- end }}

{{/* The rules of config/rbac/role.yaml. */}}
{{- define "authserver-operator.rules" -}}
{{- (.Files.Get "files/role.yaml" | fromYaml).rules | toYaml }}
{{- end }}
