// Runs the functions of a CloudFormation template on events as CloudFront has them.
//
//     node tests/cloudfront_functions.mjs TEMPLATE

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'

const template = JSON.parse(readFileSync(process.argv[2], 'utf8'))
const functions = Object.entries(template.Resources).filter(([, it]) => it.Type === 'AWS::CloudFront::Function')
let count = 0

for (const [name, { Properties: { FunctionCode: source, FunctionConfig: config } }] of functions) {
  assert.equal(config.Runtime, 'cloudfront-js-2.0')
  assert.ok(source.length <= 10240)
  // Not in that runtime, or not in the documentation of it.
  assert.doesNotMatch(source, /\.\.\.|\bfor \(|\bclass\b|\bimport\b|\bawait\b|\?\.|\?\?/)
  const handler = new Function(`${source}; return handler`)()
  const constant = (name) => new Function(`${source}; return ${name}`)()
  if (name === 'ForbidFunction') forbids(handler)
  if (name === 'NormaliseFunction') {
    const dictionaries = constant('DICTIONARIES')
    if (constant('CODINGS').length > 0) codings(handler, dictionaries)
    else leaves(handler, 'accept-encoding', 'gzip;q=0.5, zstd')
    if (constant('HAS_NAVIGATIONS')) navigations(handler)
    else leaves(handler, 'accept', 'image/webp,*/*')
  }
}
console.log(`${count} events, as expected`)

// The fields of the request that the function passes on, for a request with these.
function passedOn(handler, fields) {
  const headers = { host: { value: 'cdn.example' } }
  for (const [name, value] of Object.entries(fields)) {
    headers[name] = Array.isArray(value)
      ? { value: value.at(-1), multiValue: value.map((value) => ({ value })) }
      : { value }
  }
  const event = {
    version: '1.0',
    context: { distributionDomainName: 'd123.cloudfront.net', eventType: 'viewer-request', requestId: 'x' },
    viewer: { ip: '198.51.100.1' },
    request: { method: 'GET', uri: '/static/a.css', querystring: {}, headers, cookies: {} },
  }
  const request = handler(event)
  count += 1
  assert.deepEqual([request.method, request.uri, request.headers.host], ['GET', '/static/a.css', { value: 'cdn.example' }])
  const { host, ...others } = request.headers
  return Object.fromEntries(Object.entries(others).map(([name, { value, multiValue }]) => {
    assert.equal(multiValue, undefined)
    return [name, value]
  }))
}

function forbids(handler) {
  const response = handler({ request: { method: 'GET', uri: '/admin/', headers: {} } })
  count += 1
  assert.deepEqual([response.statusCode, response.statusDescription], [403, 'Forbidden'])
  assert.equal(response.headers['cache-control'].value, 'no-store')
}

function leaves(handler, name, value) {
  assert.deepEqual(passedOn(handler, { [name]: value }), { [name]: value })
}

function codings(handler, [known]) {
  const unknown = `:${'A'.repeat(43)}=:`
  const becomes = (accepted, dictionary, expected, expectedDictionary) => {
    const fields = {}
    if (accepted !== undefined) fields['accept-encoding'] = accepted
    if (dictionary !== undefined) fields['available-dictionary'] = dictionary
    const expectedFields = {}
    if (expected !== undefined) expectedFields['accept-encoding'] = expected
    if (expectedDictionary !== undefined) expectedFields['available-dictionary'] = expectedDictionary
    assert.deepEqual(passedOn(handler, fields), expectedFields, JSON.stringify(fields))
  }
  const browser = 'gzip, deflate, br, zstd'
  becomes(browser, undefined, 'zstd, br, gzip')
  becomes('br, zstd, deflate, gzip', undefined, 'zstd, br, gzip')
  becomes('gzip', undefined, 'gzip')
  becomes('GZIP;q=0.5, BR', undefined, 'br, gzip')
  becomes('x-gzip', undefined, 'gzip')
  becomes(['gzip', 'br'], undefined, 'br, gzip')
  becomes('br;q=0, gzip', undefined, 'gzip')
  becomes('gzip, gzip;q=0', undefined, undefined)
  becomes('*', undefined, 'zstd, br, gzip')
  becomes('*;q=0.1, br;q=0', undefined, 'zstd, gzip')
  becomes('gzip;q=high, br;q=2, zstd;q=-1', undefined, undefined)
  for (const weight of ['2', '1.001', '0.1234', '-1', '', '.5', '0x1', '1e0', '0.5;q=0.5', '1 0', '+1', 'NaN']) {
    becomes(`gzip;q=${weight}, br`, undefined, 'br')
  }
  for (const other of ['gzip;q', 'gzip;level=9', 'gzip;', 'gzip;level=9;q=1', 'g zip']) {
    becomes(`${other}, br`, undefined, 'br')
  }
  for (const weight of ['1', '1.', '1.000', '0.001', '0.5']) {
    becomes(`gzip ; Q=${weight} , br`, undefined, 'br, gzip')
  }
  becomes('gzip;q=0., br;q=0.000', undefined, undefined)
  becomes('identity', undefined, undefined)
  becomes('', undefined, undefined)
  becomes(' , ;q=1', undefined, undefined)
  becomes(undefined, undefined, undefined)
  becomes('constructor, toString', undefined, undefined)
  becomes(`${browser}, dcb, dcz`, known, 'dcz, dcb, zstd, br, gzip', known)
  becomes(`${browser}, dcb`, ` ${known} `, 'dcb, zstd, br, gzip', known)
  becomes(`${browser}, dcb, dcz`, unknown, 'zstd, br, gzip')
  becomes(`${browser}, dcb, dcz`, undefined, 'zstd, br, gzip')
  becomes(`${browser}, dcb;q=0`, known, 'zstd, br, gzip')
  becomes('*', known, 'zstd, br, gzip')
  becomes(browser, known, 'zstd, br, gzip')
  becomes(`${browser}, dcb`, [known, known], 'zstd, br, gzip')
  becomes(undefined, known, undefined)
}

function navigations(handler) {
  const page = (accept, expected) => {
    const fields = accept === undefined ? {} : { accept }
    assert.equal(passedOn(handler, fields).accept, expected, accept)
  }
  page('text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'text/html')
  page('application/xhtml+xml', 'text/html')
  page('*/*, Text/HTML;level=1;q=0.1', 'text/html')
  page('text/html;q=0', undefined)
  page('text/html;q=0.000, */*', undefined)
  page('text/html;q=0;level=1', undefined)
  page('text/html;q=high', 'text/html')
  page('text/html;q=0.0001', 'text/html')
  page('text/html2', undefined)
  page('image/avif,image/webp,*/*;q=0.8', undefined)
  page('*/*', undefined)
  page(undefined, undefined)
}
