import asyncio

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.generic import CreateView, TemplateView

from .models import Recipe

# A stream ends within gunicorn's graceful_timeout, and the browser opens the next one by itself. So a
# worker that is replaced breaks off no stream.
STREAM_SECONDS = 20


class Recipes(CreateView):
    """The list of recipes, and a form with an upload."""

    model = Recipe
    fields = ["name", "page"]
    success_url = "/"
    template_name = "galley/recipes.html"
    extra_context = {"recipes": Recipe.objects}


def page(request, pk):
    """An upload, for saving: a visitor's file is never a page of the site's origin."""
    upload = get_object_or_404(Recipe, pk=pk).page
    disposition = content_disposition_header(True, upload.name.rsplit("/", 1)[-1])
    return HttpResponse(
        upload.read(),
        content_type="application/octet-stream",
        headers={"Content-Disposition": disposition},
    )


class Watch(TemplateView):
    template_name = "galley/watch.html"


async def bells(request):
    """The ship's time as server-sent events, one a second."""

    async def events():
        for _ in range(STREAM_SECONDS):
            yield f"retry: 500\ndata: {timezone.now():%H:%M:%S}\n\n"
            await asyncio.sleep(1)

    return StreamingHttpResponse(
        events(), content_type="text/event-stream", headers={"Cache-Control": "no-store"}
    )
