// client-go's informers at work, unmodified: shared informers over protobuf with watch lists, an indexer, an informer of
// metadata only, and connections that break in the middle of a watch. Prints one line of JSON with what it saw.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
)

const (
	initial    = 60
	changed    = 40
	deleted    = 20
	patience   = 30 * time.Second
	cutAfter   = 16 // reads of a watch until its connection breaks
	colorIndex = "color"
)

type report struct {
	Added    int `json:"added"`
	Updated  int `json:"updated"`
	Deleted  int `json:"deleted"`
	Backward int `json:"backward"` // events of an object older than one seen before
	// What the store held when everything was done, against a list made then: the names that differ.
	Different []string `json:"different"`
	Indexed   int      `json:"indexed"`
	Metadata  int      `json:"metadata"`
	// Requests, by what client-go asked for and what it was answered with.
	WatchLists   int            `json:"watchLists"`
	PlainLists   []string       `json:"plainLists"`
	Resumed      int            `json:"resumed"`
	Broken       int            `json:"broken"`
	ContentTypes map[string]int `json:"contentTypes"`
}

func main() {
	kubeconfig := flag.String("kubeconfig", "", "file that names the cluster")
	namespace := flag.String("namespace", "informers", "made for the objects")
	flag.Parse()
	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	check(err)
	config.QPS, config.Burst = -1, -1
	config.ContentConfig = rest.ContentConfig{ContentType: "application/vnd.kubernetes.protobuf"}
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	defer cancel()
	writer := kubernetes.NewForConfigOrDie(config)
	_, err = writer.CoreV1().Namespaces().Create(ctx, named(*namespace), metav1.CreateOptions{})
	check(err)

	wire := &wire{contentTypes: map[string]int{}}
	reading := rest.CopyConfig(config)
	reading.Wrap(func(next http.RoundTripper) http.RoundTripper { wire.next = next; return wire })
	for i := range initial {
		create(ctx, writer, *namespace, i)
	}

	factory := informers.NewSharedInformerFactoryWithOptions(kubernetes.NewForConfigOrDie(reading), 0, informers.WithNamespace(*namespace))
	configMaps := factory.Core().V1().ConfigMaps()
	check(configMaps.Informer().AddIndexers(cache.Indexers{colorIndex: func(object any) ([]string, error) {
		return []string{object.(*corev1.ConfigMap).Labels["color"]}, nil
	}}))
	seen := &seen{newest: map[string]string{}}
	_, err = configMaps.Informer().AddEventHandler(seen)
	check(err)
	gvr := corev1.SchemeGroupVersion.WithResource("configmaps")
	bare := metadatainformer.NewFilteredSharedInformerFactory(metadata.NewForConfigOrDie(reading), 0, *namespace, nil)
	bareMaps := bare.ForResource(gvr)
	bareInformer := bareMaps.Informer()
	factory.Start(ctx.Done())
	bare.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	bare.WaitForCacheSync(ctx.Done())
	wire.breakWatches.Store(true)

	for i := range changed {
		current, err := writer.CoreV1().ConfigMaps(*namespace).Get(ctx, name(i), metav1.GetOptions{})
		check(err)
		current.Data["step"] = "changed"
		_, err = writer.CoreV1().ConfigMaps(*namespace).Update(ctx, current, metav1.UpdateOptions{})
		check(err)
		create(ctx, writer, *namespace, initial+i)
	}
	for i := range deleted {
		check(writer.CoreV1().ConfigMaps(*namespace).Delete(ctx, name(i), metav1.DeleteOptions{}))
	}

	list, err := writer.CoreV1().ConfigMaps(*namespace).List(ctx, metav1.ListOptions{})
	check(err)
	var different []string
	_ = wait.PollUntilContextTimeout(ctx, 20*time.Millisecond, patience, true, func(context.Context) (bool, error) {
		different = compare(list.Items, configMaps.Informer().GetStore())
		return len(different) == 0 && len(bareInformer.GetStore().ListKeys()) == len(list.Items), nil
	})
	indexed, err := configMaps.Informer().GetIndexer().ByIndex(colorIndex, "red")
	check(err)
	bareObjects, err := bareMaps.Lister().ByNamespace(*namespace).List(labels.Everything())
	check(err)

	out := wire.report()
	out.Added, out.Updated, out.Deleted, out.Backward = seen.count()
	out.Different = append([]string{}, different...)
	out.Indexed, out.Metadata = len(indexed), len(bareObjects)
	check(json.NewEncoder(os.Stdout).Encode(out))
}

func name(i int) string { return fmt.Sprintf("map-%03d", i) }

func named(name string) *corev1.Namespace {
	return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
}

func create(ctx context.Context, client kubernetes.Interface, namespace string, i int) {
	color := []string{"red", "green"}[i%2]
	object := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: name(i), Labels: map[string]string{"color": color}},
		Data:       map[string]string{"number": fmt.Sprint(i)},
		BinaryData: map[string][]byte{"bytes": {0, 255, byte(i)}},
	}
	_, err := client.CoreV1().ConfigMaps(namespace).Create(ctx, object, metav1.CreateOptions{})
	check(err)
}

// compare names the objects that a store holds otherwise than a list does.
func compare(items []corev1.ConfigMap, store cache.Store) []string {
	different := map[string]bool{}
	for _, object := range store.List() {
		different[object.(*corev1.ConfigMap).Name] = true
	}
	for i := range items {
		object, found, _ := store.Get(&items[i])
		if found && object.(*corev1.ConfigMap).ResourceVersion == items[i].ResourceVersion && string(object.(*corev1.ConfigMap).BinaryData["bytes"]) == string(items[i].BinaryData["bytes"]) {
			delete(different, items[i].Name)
		} else {
			different[items[i].Name] = true
		}
	}
	return slices.Sorted(maps.Keys(different))
}

// seen counts what a handler is told, and whether an object ever goes back in time.
type seen struct {
	lock                    sync.Mutex
	added, updated, deleted int
	backward                int
	newest                  map[string]string
}

func (s *seen) OnAdd(object any, _ bool) { s.event(object, &s.added) }

func (s *seen) OnUpdate(before, object any) {
	if before.(*corev1.ConfigMap).ResourceVersion == object.(*corev1.ConfigMap).ResourceVersion {
		return
	}
	s.event(object, &s.updated)
}

func (s *seen) OnDelete(object any) {
	if gone, unknown := object.(cache.DeletedFinalStateUnknown); unknown {
		object = gone.Obj
	}
	s.event(object, &s.deleted)
}

func (s *seen) event(object any, counter *int) {
	s.lock.Lock()
	defer s.lock.Unlock()
	*counter++
	current := object.(*corev1.ConfigMap)
	if before := s.newest[current.Name]; older(current.ResourceVersion, before) {
		s.backward++
	}
	s.newest[current.Name] = current.ResourceVersion
}

// older compares revisions, which are whole numbers without leading zeros.
func older(a, b string) bool {
	return len(a) < len(b) || len(a) == len(b) && strings.Compare(a, b) < 0
}

func (s *seen) count() (int, int, int, int) {
	s.lock.Lock()
	defer s.lock.Unlock()
	return s.added, s.updated, s.deleted, s.backward
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
