// The client of `npm run bench`: one kind of work a run, through client-go, against whatever the kubeconfig names.
// Prints one line of JSON: how many operations, how long, how much processor time this client itself took.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	applycorev1 "k8s.io/client-go/applyconfigurations/core/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

var (
	kubeconfig  = flag.String("kubeconfig", "", "file that names the cluster")
	work        = flag.String("work", "", "what to do")
	count       = flag.Int("n", 1000, "operations, or objects")
	first       = flag.Int("first", 0, "number of the first object")
	objects     = flag.Int("objects", 0, "objects that operations go around; 0 means one each")
	concurrency = flag.Int("c", 32, "clients at the same time")
	contentType = flag.String("type", "application/json", "content type of bodies")
	gzip        = flag.Bool("gzip", true, "accept compressed answers")
	namespace   = flag.String("namespace", "bench", "where the objects are")
	watchers    = flag.Int("watchers", 100, "watchers of fan-out")
	nodes       = flag.Int("nodes", 1000, "nodes of scheduling")
	shape       = flag.String("shape", "plain", "plain, spread or anti-affinity")
)

// result is what the bench reads. LatencyP99 is in milliseconds.
type result struct {
	Work       string  `json:"work"`
	Ops        int     `json:"ops"`
	Seconds    float64 `json:"seconds"`
	ClientMs   float64 `json:"clientMs"`
	LatencyP99 float64 `json:"latencyP99"`
	Bytes      int64   `json:"bytes,omitempty"`
	Lost       int     `json:"lost"`
}

func main() {
	flag.Parse()
	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	check(err)
	config.QPS, config.Burst = -1, -1
	config.ContentType = *contentType
	config.AcceptContentTypes = *contentType + ",application/json"
	config.DisableCompression = !*gzip
	client, err := kubernetes.NewForConfig(config)
	check(err)
	begin, ok := works[*work]
	if !ok {
		check(fmt.Errorf("unknown work %q", *work))
	}
	run := begin(context.Background(), client, config)
	before, start := processorMs(), time.Now()
	r := run()
	r.Work, r.Seconds, r.ClientMs = *work, time.Since(start).Seconds(), processorMs()-before
	check(json.NewEncoder(os.Stdout).Encode(r))
}

// A work prepares itself, then gives the part that is measured.
type begin func(ctx context.Context, client kubernetes.Interface, config *rest.Config) func() result

var works = map[string]begin{
	"namespace":         makeNamespace,
	"create":            createPods,
	"get":               getPods,
	"list":              list(metav1.ListOptions{ResourceVersion: "0"}),
	"list-consistent":   list(metav1.ListOptions{}),
	"list-paged":        listPaged,
	"list-label":        list(metav1.ListOptions{LabelSelector: "tenth=0"}),
	"patch-status":      patchStatus,
	"apply":             applyConfigMaps,
	"fan-out":           fanOut,
	"delete":            deletePods,
	"delete-collection": deleteCollection,
	"nodes":             createNodes,
	"schedule":          schedule,
}

func makeNamespace(ctx context.Context, client kubernetes.Interface, _ *rest.Config) func() result {
	return func() result {
		_, err := client.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: *namespace}}, metav1.CreateOptions{})
		check(err)
		for {
			if _, err := client.CoreV1().ServiceAccounts(*namespace).Get(ctx, "default", metav1.GetOptions{}); err == nil {
				return result{Ops: 1}
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
}

// pod is about 4.5 KB: 20 environment variables of 60 bytes and an annotation of 400, as performance.md says.
// No scheduler looks at it unless scheduling is what is measured.
func pod(i int) *corev1.Pod {
	env := make([]corev1.EnvVar, 20)
	for j := range env {
		env[j] = corev1.EnvVar{Name: fmt.Sprintf("VARIABLE_%02d", j), Value: strings.Repeat("v", 60)}
	}
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name:        fmt.Sprintf("pod-%06d", i),
			Labels:      map[string]string{"app": "bench", "tenth": fmt.Sprint(i % 10)},
			Annotations: map[string]string{"bench/padding": strings.Repeat("a", 400)},
		},
		Spec: corev1.PodSpec{
			SchedulerName: "nobody",
			Containers: []corev1.Container{{
				Name: "main", Image: "registry.k8s.io/pause:3.10", Env: env,
				Resources: corev1.ResourceRequirements{Requests: corev1.ResourceList{
					corev1.ResourceCPU: resource.MustParse("10m"), corev1.ResourceMemory: resource.MustParse("16Mi")}},
			}},
		},
	}
}

func podName(i int) string {
	if *objects > 0 {
		i %= *objects
	}
	return fmt.Sprintf("pod-%06d", *first+i)
}

func createPods(ctx context.Context, client kubernetes.Interface, _ *rest.Config) func() result {
	pods := make([]*corev1.Pod, *count)
	for i := range pods {
		pods[i] = pod(*first + i)
	}
	return func() result {
		return parallel(*count, func(i int) {
			_, err := client.CoreV1().Pods(*namespace).Create(ctx, pods[i], metav1.CreateOptions{})
			check(err)
		})
	}
}

func getPods(ctx context.Context, client kubernetes.Interface, _ *rest.Config) func() result {
	return func() result {
		return parallel(*count, func(i int) {
			_, err := client.CoreV1().Pods(*namespace).Get(ctx, podName(i), metav1.GetOptions{})
			check(err)
		})
	}
}

func list(options metav1.ListOptions) begin {
	return func(ctx context.Context, client kubernetes.Interface, _ *rest.Config) func() result {
		return func() result {
			return parallel(*count, func(int) {
				found, err := client.CoreV1().Pods(*namespace).List(ctx, options)
				check(err)
				if len(found.Items) == 0 {
					check(fmt.Errorf("an empty list"))
				}
			})
		}
	}
}

func listPaged(ctx context.Context, client kubernetes.Interface, _ *rest.Config) func() result {
	return func() result {
		return parallel(*count, func(int) {
			options := metav1.ListOptions{Limit: 500}
			for {
				page, err := client.CoreV1().Pods(*namespace).List(ctx, options)
				check(err)
				if options.Continue = page.Continue; options.Continue == "" {
					return
				}
			}
		})
	}
}

func patchStatus(ctx context.Context, client kubernetes.Interface, _ *rest.Config) func() result {
	return func() result {
		return parallel(*count, func(i int) {
			body := fmt.Sprintf(`{"status":{"phase":"Running","message":"patch %d","conditions":[{"type":"Ready","status":"True","lastTransitionTime":"2026-01-01T00:00:00Z"}]}}`, i)
			_, err := client.CoreV1().Pods(*namespace).Patch(ctx, podName(i), types.StrategicMergePatchType, []byte(body), metav1.PatchOptions{}, "status")
			check(err)
		})
	}
}

func applyConfigMaps(ctx context.Context, client kubernetes.Interface, _ *rest.Config) func() result {
	return func() result {
		return parallel(*count, func(i int) {
			object := applycorev1.ConfigMap(fmt.Sprintf("map-%d", i%200), *namespace).WithData(map[string]string{"turn": fmt.Sprint(i), "padding": strings.Repeat("p", 200)})
			_, err := client.CoreV1().ConfigMaps(*namespace).Apply(ctx, object, metav1.ApplyOptions{FieldManager: "bench", Force: true})
			check(err)
		})
	}
}

// fanOut updates one object and waits until every watcher has seen every update. Latency is from before the update was sent.
// The watchers read whole events and look for the one value they need: to decode a hundred copies of every object would
// take more of the machine than any server does, and would hide what is compared.
func fanOut(ctx context.Context, client kubernetes.Interface, config *rest.Config) func() result {
	maps := client.CoreV1().ConfigMaps(*namespace)
	object, err := maps.Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("fan-out-%d", time.Now().UnixNano())}, Data: map[string]string{"turn": "-1", "padding": strings.Repeat("f", 1000)}}, metav1.CreateOptions{})
	check(err)
	open := make([]*bufio.Reader, *watchers)
	for i := range open {
		open[i] = watchRaw(ctx, client, object)
	}
	return func() result {
		sent := make([]atomic.Int64, *count)
		latencies := make([][]float64, *watchers)
		var lost atomic.Int64
		var wait sync.WaitGroup
		for i, events := range open {
			wait.Add(1)
			go func() {
				defer wait.Done()
				mine := make([]float64, 0, *count)
				for seen := 0; seen < *count; seen++ {
					event, err := events.ReadSlice('\n')
					if err != nil {
						lost.Add(int64(*count - seen))
						break
					}
					turn := turnOf(event)
					if turn != seen {
						lost.Add(1)
						seen = turn
					}
					mine = append(mine, float64(time.Now().UnixMicro()-sent[turn].Load())/1000)
				}
				latencies[i] = mine
			}()
		}
		for i := 0; i < *count; i++ {
			object.Data["turn"] = fmt.Sprint(i)
			sent[i].Store(time.Now().UnixMicro())
			updated, err := maps.Update(ctx, object, metav1.UpdateOptions{})
			check(err)
			object = updated
		}
		wait.Wait()
		return result{Ops: *count * *watchers, LatencyP99: percentile(slices.Concat(latencies...), 0.99), Lost: int(lost.Load())}
	}
}

const eventBytesMax = 64 * 1024

// watchRaw gives the events of one object as they come, a line each. Watchers share connections as client-go shares them.
func watchRaw(ctx context.Context, client kubernetes.Interface, object *corev1.ConfigMap) *bufio.Reader {
	options := metav1.ListOptions{Watch: true, FieldSelector: "metadata.name=" + object.Name, ResourceVersion: object.ResourceVersion}
	stream, err := client.CoreV1().RESTClient().Get().Namespace(object.Namespace).Resource("configmaps").
		VersionedParams(&options, scheme.ParameterCodec).Stream(ctx)
	check(err)
	return bufio.NewReaderSize(stream, eventBytesMax)
}

var turnField = []byte(`"turn":"`)

func turnOf(event []byte) int {
	_, rest, found := bytes.Cut(event, turnField)
	value, _, closed := bytes.Cut(rest, []byte{'"'})
	turn, err := strconv.Atoi(string(value))
	if !found || !closed || err != nil {
		check(fmt.Errorf("an event without a turn: %s", event))
	}
	return turn
}

func deletePods(ctx context.Context, client kubernetes.Interface, _ *rest.Config) func() result {
	zero := int64(0)
	return func() result {
		return parallel(*count, func(i int) {
			check(client.CoreV1().Pods(*namespace).Delete(ctx, podName(i), metav1.DeleteOptions{GracePeriodSeconds: &zero}))
		})
	}
}

func deleteCollection(ctx context.Context, client kubernetes.Interface, _ *rest.Config) func() result {
	zero := int64(0)
	found, err := client.CoreV1().Pods(*namespace).List(ctx, metav1.ListOptions{ResourceVersion: "0"})
	check(err)
	return func() result {
		check(client.CoreV1().Pods(*namespace).DeleteCollection(ctx, metav1.DeleteOptions{GracePeriodSeconds: &zero}, metav1.ListOptions{}))
		return result{Ops: len(found.Items)}
	}
}

func createNodes(ctx context.Context, client kubernetes.Interface, _ *rest.Config) func() result {
	return func() result {
		return parallel(*nodes, func(i int) {
			name := fmt.Sprintf("bench-%04d", i)
			room := corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("32"), corev1.ResourceMemory: resource.MustParse("128Gi"), corev1.ResourcePods: resource.MustParse("110")}
			_, err := client.CoreV1().Nodes().Create(ctx, &corev1.Node{
				ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"kubernetes.io/hostname": name, "topology.kubernetes.io/zone": fmt.Sprintf("zone-%d", i%3)}},
				Status: corev1.NodeStatus{Capacity: room, Allocatable: room, Conditions: []corev1.NodeCondition{{
					Type: corev1.NodeReady, Status: corev1.ConditionTrue, LastHeartbeatTime: metav1.Now(), LastTransitionTime: metav1.Now()}}},
			}, metav1.CreateOptions{})
			check(err)
		})
	}
}

// schedule creates pods and waits until the last one has a node.
func schedule(ctx context.Context, client kubernetes.Interface, _ *rest.Config) func() result {
	group := fmt.Sprintf("schedule-%s-%d", *shape, time.Now().UnixNano())
	present, err := client.CoreV1().Pods(*namespace).List(ctx, metav1.ListOptions{LabelSelector: "group=" + group})
	check(err)
	pods := make([]*corev1.Pod, *count)
	for i := range pods {
		pods[i] = shaped(pod(i), group)
	}
	return func() result {
		done := make(chan struct{})
		go func() {
			bound, version := map[string]bool{}, present.ResourceVersion
			// A server ends a watch that falls behind; the client resumes where it was.
			for len(bound) < *count {
				changes, err := client.CoreV1().Pods(*namespace).Watch(ctx, metav1.ListOptions{LabelSelector: "group=" + group, ResourceVersion: version})
				check(err)
				for event := range changes.ResultChan() {
					p, ok := event.Object.(*corev1.Pod)
					if !ok {
						check(fmt.Errorf("the watch of pods said %v", event.Object))
					}
					version = p.ResourceVersion
					if p.Spec.NodeName != "" {
						bound[p.Name] = true
					}
					if len(bound) == *count {
						break
					}
				}
				changes.Stop()
			}
			close(done)
		}()
		parallel(*count, func(i int) {
			_, err := client.CoreV1().Pods(*namespace).Create(ctx, pods[i], metav1.CreateOptions{})
			check(err)
		})
		<-done
		return result{Ops: *count}
	}
}

func shaped(p *corev1.Pod, group string) *corev1.Pod {
	p.Name, p.Spec.SchedulerName = group+"-"+p.Name, ""
	p.Labels["group"] = group
	same := &metav1.LabelSelector{MatchLabels: map[string]string{"group": group}}
	switch *shape {
	case "spread":
		p.Spec.TopologySpreadConstraints = []corev1.TopologySpreadConstraint{{MaxSkew: 5, TopologyKey: "topology.kubernetes.io/zone", WhenUnsatisfiable: corev1.DoNotSchedule, LabelSelector: same}}
	case "anti-affinity":
		p.Spec.Affinity = &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{TopologyKey: "kubernetes.io/hostname", LabelSelector: same}}}}
	}
	return p
}

// parallel runs do(0…n-1) from several goroutines and measures each.
func parallel(n int, do func(i int)) result {
	var next atomic.Int64
	var wait sync.WaitGroup
	latencies := make([]float64, n)
	for range *concurrency {
		wait.Add(1)
		go func() {
			defer wait.Done()
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				start := time.Now()
				do(i)
				latencies[i] = float64(time.Since(start).Microseconds()) / 1000
			}
		}()
	}
	wait.Wait()
	return result{Ops: n, LatencyP99: percentile(latencies, 0.99)}
}

func percentile(values []float64, share float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sort.Float64s(values)
	return values[int(float64(len(values)-1)*share)]
}

func processorMs() float64 {
	var usage syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e6
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
