// Viewer request: no path of static files, so nothing to be had from this host.
function handler(event) {
    return {
        statusCode: 403,
        statusDescription: 'Forbidden',
        headers: {
            'cache-control': { value: 'no-store' },
            'content-type': { value: 'text/plain; charset=utf-8' }
        },
        body: { encoding: 'text', data: '403 Forbidden: only static files are served here\n' }
    };
}
