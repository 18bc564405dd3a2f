import type { Question } from './questions.ts';

const expressions = `device.driver == 'a.example.com'
device.attributes['a.example.com'].model == 'x'
device.attributes['a.example.com'].size > 5
device.attributes['a.example.com'].version.isGreaterThan(semver('1.0.0'))
device.capacity['a.example.com'].memory.isGreaterThan(quantity('1Gi'))
device.capacity['a.example.com'].memory.compareTo(quantity('1Gi')) >= 0
cel.bind(a, device.attributes['a.example.com'], a.model == 'x' && a.size > 1)
cel.bind(1, 2, 3)
device.allowMultipleAllocations
device.attributes['a.example.com'].ready
device.attributes
device.driver
device.nope
1
foo
device.driver ==
device.attributes.exists(d, device.attributes[d].exists(k, k.startsWith('a')))
device.attributes.exists(d, device.attributes[d].all(k, device.attributes.exists(e, device.attributes[e].all(l, l.startsWith(k)))))
device.attributes.exists(d, d.matches('^a+$'))
device.attributes['a'].model.matches('^a+$')
device.attributes['a'].list.exists(x, x == 1)
device.attributes['a'].includes(1)
int('x') == 1
'a' in device.attributes
has(device.attributes['a'].b)
device.driver.matches('[')`.split('\n');

/** Classes of devices with one selector each. */
export function selectorQuestions(): Question[] {
  return expressions.map((expression) => ({
    name: `selector ${expression}`,
    method: 'POST',
    path: '/apis/resource.k8s.io/v1/deviceclasses?dryRun=All',
    body: {
      apiVersion: 'resource.k8s.io/v1',
      kind: 'DeviceClass',
      metadata: { name: 'c' },
      spec: { selectors: [{ cel: { expression } }] },
    },
  }));
}
