import { semanticEqual } from '@coracle/apimachinery/json';
import type { PodTemplate } from '@coracle/apimachinery/types/core-v1';
import { podTemplateWarnings, setPodTemplateDefaults, validatePodTemplate } from '../../shared/pod-template.ts';
import type { Strategy } from '../../shared/registry.ts';
import { column, containerCells, labelsText, nameColumn } from '../../shared/table.ts';

/** Source: pkg/registry/core/podtemplate. */
export const podTemplateStrategy: Strategy<PodTemplate> = {
  resource: { group: '', resource: 'podtemplates' },
  defaults: setPodTemplateDefaults,
  generation: ({ template }, old) => !semanticEqual(template, old.template),
  validate: ({ template }) => validatePodTemplate(template ?? {}, 'template'),
  warnings: (object, old) => podTemplateWarnings(object, old, object.template, 'template'),
  deletion: { returnsObject: true },
  table: {
    columns: [
      nameColumn,
      column('Containers', 'string', 'Names of the containers'),
      column('Images', 'string', 'Images of the containers'),
      column('Pod Labels', 'string', 'Labels that pods get'),
    ],
    row: ({ metadata, template }) => [
      metadata?.name,
      ...containerCells(template?.spec?.containers),
      labelsText(template?.metadata?.labels),
    ],
  },
};
