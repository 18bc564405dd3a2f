{{- define "shop.labels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}
{{- define "shop.resources" -}}
resources:
  requests: { cpu: {{ .Values.resources.cpu }}, memory: {{ .Values.resources.memory }} }
  limits: { memory: {{ .Values.resources.memory }} }
{{- end -}}
