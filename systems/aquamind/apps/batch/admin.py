"""Admin of species, batches and what happens to batches."""

from django.contrib import admin

from apps.batch.models import (
    Batch,
    BatchContainerAssignment,
    FeedingEvent,
    GrowthSample,
    LifeCycleStage,
    MortalityEvent,
    Species,
)


class LifeCycleStageInline(admin.TabularInline):
    """Stages, with their species."""

    model = LifeCycleStage
    extra = 0


@admin.register(Species)
class SpeciesAdmin(admin.ModelAdmin):
    """Species and their stages."""

    list_display = ("name", "scientific_name")
    search_fields = ("name", "scientific_name")
    inlines = (LifeCycleStageInline,)


class AssignmentInline(admin.TabularInline):
    """Stays, with their batch."""

    model = BatchContainerAssignment
    extra = 0
    autocomplete_fields = ("container",)


@admin.register(Batch)
class BatchAdmin(admin.ModelAdmin):
    """Batches and where they are."""

    list_display = ("batch_number", "species", "stage", "status", "start_date", "initial_count")
    list_filter = ("status", "species")
    list_select_related = ("species", "stage")
    date_hierarchy = "start_date"
    search_fields = ("batch_number",)
    inlines = (AssignmentInline,)


@admin.register(BatchContainerAssignment)
class AssignmentAdmin(admin.ModelAdmin):
    """Stays of batches in containers."""

    list_display = ("batch", "container", "stage", "assigned_on", "departed_on", "population")
    list_select_related = ("batch", "container", "stage")
    search_fields = ("batch__batch_number", "container__name")
    autocomplete_fields = ("batch", "container")


@admin.register(GrowthSample)
class GrowthSampleAdmin(admin.ModelAdmin):
    """Weighings."""

    list_display = ("assignment", "sampled_on", "sample_size", "mean_weight_g", "condition_factor")
    autocomplete_fields = ("assignment",)
    readonly_fields = ("condition_factor",)


@admin.register(MortalityEvent)
class MortalityEventAdmin(admin.ModelAdmin):
    """Deaths."""

    list_display = ("batch", "occurred_on", "count", "cause")
    list_filter = ("cause",)
    list_select_related = ("batch",)
    autocomplete_fields = ("batch",)


@admin.register(FeedingEvent)
class FeedingEventAdmin(admin.ModelAdmin):
    """Feedings."""

    list_display = ("assignment", "fed_at", "feed", "amount_kg", "method")
    list_filter = ("feed", "method")
    autocomplete_fields = ("assignment",)
