// SPDX-License-Identifier: MIT
// Shows /api/openapi.json as a page. It supports the parts of OpenAPI that this file uses, and no more.

import '../vendor/mustache.js';

const template = name => document.querySelector(`template[data-name="${name}"]`).innerHTML;
const pretty = value => JSON.stringify(value, null, 2);
const METHODS = ['get', 'post', 'put', 'delete'];

function resolver(document) {
  const at = pointer => pointer.slice(2).split('/').reduce((node, name) => node[name], document);
  return node => {
    while (node.$ref) node = at(node.$ref);
    return node;
  };
}

// "integer from 1 to 100", "AVAILABLE | RESERVED", "array of SeatNumber", "Time or null"
function typeOf(schema) {
  if (schema.$ref) return schema.$ref.split('/').pop();
  if (schema.anyOf) return schema.anyOf.map(typeOf).join(' or ');
  if (schema.enum) return schema.enum.map(String).join(' | ');
  if ('const' in schema) return String(schema.const);
  if (schema.type === 'array') return `array of ${typeOf(schema.items)}`;
  const range = schema.maximum ? ` from ${schema.minimum} to ${schema.maximum}` : '';
  return [schema.type].flat().join(' or ') + range;
}

const sentence = (...parts) => parts.filter(Boolean).join('. ');

function examplesOf(content, follow) {
  const found = Object.entries(content.examples || {}).map(([name, each]) => ({ name, json: pretty(follow(each).value) }));
  return content.example === undefined ? found : [{ name: 'Example', json: pretty(content.example) }, ...found];
}

function answer([status, response], follow) {
  const { description, content = {} } = follow(response);
  return { status, text: description, examples: Object.values(content).flatMap(each => examplesOf(each, follow)) };
}

function parameter(each, follow) {
  const { name, in: place, required, description, schema } = follow(each);
  return { name, in: place, required, text: sentence(typeOf(schema), description || schema.description) };
}

function operation(path, method, o, follow) {
  const body = o.requestBody && follow(o.requestBody).content['application/json'];
  const parameters = o.parameters.map(each => parameter(each, follow));
  return {
    id: o.operationId, path, method, summary: o.summary, description: o.description, tags: o.tags, isAdmin: !!o.security,
    parameters, hasParameters: parameters.length > 0, body: body && pretty(body.example),
    answers: Object.entries(o.responses).map(each => answer(each, follow)),
  };
}

function fields(schema, follow, prefix = '') {
  return Object.entries(schema.properties || {}).flatMap(([name, each]) => {
    const type = typeOf(each).replace('object', 'object, see below');
    const inner = each.properties ? each : each.items || {};
    return [{ name: prefix + name, type, text: each.description || '' }, ...fields(inner, follow, `${prefix}${name}.`)];
  });
}

function view(document) {
  const follow = resolver(document);
  const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    METHODS.filter(method => item[method]).map(method => operation(path, method, item[method], follow)));
  return {
    title: document.info.title, version: document.info.version, paragraphs: document.info.description.split('\n\n'),
    groups: document.tags.map(tag => ({ ...tag, operations: operations.filter(each => each.tags.includes(tag.name)) })),
    schemas: Object.entries(document.components.schemas).map(([name, schema]) => ({
      name, description: sentence(schema.properties ? '' : typeOf(schema), schema.description),
      fields: fields(schema, follow),
    })),
  };
}

async function show() {
  const place = document.getElementById('description');
  try {
    const answer = await fetch('/api/openapi.json');
    if (!answer.ok) throw new Error(answer.status);
    place.innerHTML = window.Mustache.render(template('description'), view(await answer.json()));
  } catch (error) {
    console.error(error);
    place.innerHTML = template('failure');
  }
  document.getElementById('loading').remove();
  // The part that the address names did not exist yet when the browser looked for it.
  if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
}

show();
