"""Python's `kubernetes` client at work, unmodified: typed and dynamic calls, watch, every kind of patch, tokens, and exec.

usage: client.py KUBECONFIG [IMAGE]    with an image, containers are real and a command runs in one
Prints one line of JSON with what it saw.
"""

import json
import sys
import time

from kubernetes import client, config, dynamic, utils, watch
from kubernetes.stream import stream

NAMESPACE = "python"
PATIENCE_SECONDS = 60


def main(kubeconfig, image):
    config.load_kube_config(kubeconfig)
    core, apps = client.CoreV1Api(), client.AppsV1Api()
    core.create_namespace({"metadata": {"name": NAMESPACE}})
    seen = {
        "version": client.VersionApi().get_code().git_version,
        "nodes": len(core.list_node().items),
        "deployment": deployment(core, apps, image or "registry.example/none:1"),
        "patches": patches(core),
        "pages": pages(core),
        "errors": errors(core),
        "dynamic": custom_resource(),
        "manifests": manifests(core),
        "access": access(core, kubeconfig),
    }
    if image:
        seen["exec"] = commands(core)
    print(json.dumps(seen))


def deployment(core, apps, image):
    """A Deployment becomes available while a watch looks on; then it is scaled through its subresource."""
    container = {"name": "main", "image": image, "command": ["sleep", "3600"]}
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [container], "terminationGracePeriodSeconds": 0}}
    spec = {"replicas": 2, "selector": {"matchLabels": {"app": "web"}}, "template": template}
    apps.create_namespaced_deployment(NAMESPACE, {"metadata": {"name": "web"}, "spec": spec})
    types, available = [], 0
    watcher = watch.Watch()
    events = watcher.stream(apps.list_namespaced_deployment, NAMESPACE, timeout_seconds=PATIENCE_SECONDS)
    for event in events:
        types.append(event["type"])
        assert isinstance(event["object"], client.V1Deployment), event
        available = event["object"].status.available_replicas or 0
        if available == 2:
            watcher.stop()
    apps.patch_namespaced_deployment_scale("web", NAMESPACE, {"spec": {"replicas": 1}})
    scale = apps.read_namespaced_deployment_scale("web", NAMESPACE)
    pods = core.list_namespaced_pod(NAMESPACE, label_selector="app=web").items
    return {
        "first": types[0],
        "available": available,
        "scaled": scale.spec.replicas,
        "phases": sorted({pod.status.phase for pod in pods}),
    }


def patches(core):
    """Strategic merge (the client's default), merge, JSON and apply, each on the same object."""
    body = {"metadata": {"name": "patched", "labels": {"a": "1", "b": "1"}}, "data": {"x": "1"}}
    core.create_namespaced_config_map(NAMESPACE, body)
    patch = core.patch_namespaced_config_map
    patch("patched", NAMESPACE, {"metadata": {"labels": {"a": None, "c": "1"}}})
    patch("patched", NAMESPACE, {"data": {"y": "2"}}, _content_type="application/merge-patch+json")
    patch("patched", NAMESPACE, [{"op": "test", "path": "/data/x", "value": "1"}, {"op": "remove", "path": "/data/x"}])
    applied = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "patched"}, "data": {"z": "3"}}
    result = patch("patched", NAMESPACE, applied, field_manager="python", _content_type="application/apply-patch+yaml")
    managers = [(entry.manager, entry.operation) for entry in result.metadata.managed_fields]
    return {"labels": result.metadata.labels, "data": result.data, "applies": [name for name, how in managers if how == "Apply"]}


def pages(core):
    """A list in pages, then a watch from where the list was."""
    for number in range(7):
        core.create_namespaced_secret(NAMESPACE, {"metadata": {"name": f"page-{number}"}, "stringData": {"n": str(number)}})
    names, token, count = [], None, 0
    while True:
        page = core.list_namespaced_secret(NAMESPACE, limit=3, _continue=token)
        names += [item.metadata.name for item in page.items]
        count += 1
        token = page.metadata._continue
        if not token:
            break
    core.delete_namespaced_secret("page-0", NAMESPACE)
    watcher = watch.Watch()
    changes = []
    version = page.metadata.resource_version
    for event in watcher.stream(core.list_namespaced_secret, NAMESPACE, resource_version=version, timeout_seconds=PATIENCE_SECONDS):
        changes.append([event["type"], event["object"].metadata.name])
        watcher.stop()
    return {"pages": count, "names": names, "then": changes}


def errors(core):
    """What exceptions say: missing, invalid, taken, conflicting."""
    body = {"metadata": {"name": "taken"}}
    created = core.create_namespaced_config_map(NAMESPACE, body)
    core.patch_namespaced_config_map("taken", NAMESPACE, {"data": {"a": "b"}})
    calls = {
        "missing": lambda: core.read_namespaced_config_map("nowhere", NAMESPACE),
        "invalid": lambda: core.create_namespaced_config_map(NAMESPACE, {"metadata": {"name": "Not Valid"}}),
        "taken": lambda: core.create_namespaced_config_map(NAMESPACE, body),
        "conflict": lambda: core.replace_namespaced_config_map("taken", NAMESPACE, created),
    }
    return {name: reason(call) for name, call in calls.items()}


def reason(call):
    try:
        call()
    except client.ApiException as error:
        return [error.status, json.loads(error.body)["reason"]]
    return None


def custom_resource():
    """A custom resource through the dynamic client, which reads discovery."""
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "snakes.python.coracle.dev"},
        "spec": {
            "group": "python.coracle.dev",
            "scope": "Namespaced",
            "names": {"plural": "snakes", "singular": "snake", "kind": "Snake", "listKind": "SnakeList"},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {
                "type": "object",
                "properties": {"spec": {"type": "object", "properties": {"length": {"type": "integer", "default": 2}}}},
            }}}],
        },
    }
    api = dynamic.DynamicClient(client.ApiClient())
    definitions = api.resources.get(api_version="apiextensions.k8s.io/v1", kind="CustomResourceDefinition")
    definitions.create(body=definition)
    for event in definitions.watch(name=definition["metadata"]["name"], timeout=PATIENCE_SECONDS):
        conditions = event["object"].status.conditions or []
        if any(one.type == "Established" and one.status == "True" for one in conditions):
            break
    api.resources.invalidate_cache()
    snakes = api.resources.get(api_version="python.coracle.dev/v1", kind="Snake")
    made = snakes.create(namespace=NAMESPACE, body={"kind": "Snake", "apiVersion": "python.coracle.dev/v1", "metadata": {"name": "kaa"}, "spec": {}})
    applied = snakes.server_side_apply(namespace=NAMESPACE, name="kaa", field_manager="python", force_conflicts=True,
                                       body={"kind": "Snake", "apiVersion": "python.coracle.dev/v1", "metadata": {"name": "kaa"}, "spec": {"length": 9}})
    listed = [item.metadata.name for item in snakes.get(namespace=NAMESPACE).items]
    definitions.delete(name=definition["metadata"]["name"])
    return {"defaulted": made.spec.length, "applied": applied.spec.length, "listed": listed}


def manifests(core):
    """`utils.create_from_dict` finds the API of what it is given."""
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": NAMESPACE},
               "spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080}]}}
    utils.create_from_dict(client.ApiClient(), service, namespace=NAMESPACE)
    return core.read_namespaced_service("web", NAMESPACE).spec.cluster_ip


def access(core, kubeconfig):
    """A service account's token is good for what a role lets it do, and for nothing else."""
    core.create_namespaced_service_account(NAMESPACE, {"metadata": {"name": "reader"}})
    rules = client.RbacAuthorizationV1Api()
    rules.create_namespaced_role(NAMESPACE, {"metadata": {"name": "reader"}, "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}]})
    rules.create_namespaced_role_binding(NAMESPACE, {
        "metadata": {"name": "reader"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reader"},
        "subjects": [{"kind": "ServiceAccount", "name": "reader", "namespace": NAMESPACE}],
    })
    token = core.create_namespaced_service_account_token("reader", NAMESPACE, {"spec": {"expirationSeconds": 600}}).status.token
    settings = client.Configuration()
    config.load_kube_config(kubeconfig, client_configuration=settings)
    settings.cert_file = settings.key_file = None
    settings.api_key = {"authorization": f"Bearer {token}"}
    reader = client.CoreV1Api(client.ApiClient(settings))
    for _ in range(50):  # the authorizer reads rules from its cache
        try:
            allowed = len(reader.list_namespaced_pod(NAMESPACE).items) > 0
            break
        except client.ApiException:
            allowed = False
            time.sleep(0.1)
    return {"allowed": allowed, "refused": reason(lambda: reader.list_namespaced_secret(NAMESPACE))}


def commands(core):
    """Commands through a WebSocket: both outputs, input, and the exit code."""
    pod = core.list_namespaced_pod(NAMESPACE, label_selector="app=web").items[0].metadata.name
    script = "read line; echo out $line; echo err >&2; exit 7"
    session = stream(core.connect_get_namespaced_pod_exec, pod, NAMESPACE, command=["sh", "-c", script],
                     stdin=True, stdout=True, stderr=True, tty=False, _preload_content=False)
    session.write_stdin("from python\n")
    session.run_forever(timeout=PATIENCE_SECONDS)
    seen = {"stdout": session.read_stdout(), "stderr": session.read_stderr(), "code": session.returncode}
    seen["whole"] = stream(core.connect_get_namespaced_pod_exec, pod, NAMESPACE, command=["cat", "/etc/hostname"],
                           stdin=False, stdout=True, stderr=True, tty=False)
    seen["pod"] = pod
    return seen


main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None)
