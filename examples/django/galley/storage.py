"""The storage behind `{% static %}`."""

from django.conf import settings
from django.contrib.staticfiles.storage import ManifestStaticFilesStorage
from django.core.files.storage import FileSystemStorage


class BakedStaticFilesStorage(ManifestStaticFilesStorage):
    """Yields the URLs of the release that Hardtack serves.

    Django reads them once, at its start, from the list `staticfiles.json`. The list lies beside the
    release, and not in STATIC_ROOT: so `collectstatic` never touches it, and it changes when the
    release does.
    """

    def __init__(self, *args, **kwargs):
        kwargs.setdefault("manifest_storage", FileSystemStorage(settings.RELEASE))
        super().__init__(*args, **kwargs)

    def post_process(self, *args, **kwargs):
        """Makes no copies with hashed names: the bake does that."""
        return ()
