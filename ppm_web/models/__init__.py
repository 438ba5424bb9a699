"""The tables of PPM: the truth of what is to be synced, what runs, what failed and why."""

from ppm_web.models.audit import AuditEntry
from ppm_web.models.batch import BatchItem, BatchState, ItemOutcome, JobBatch
from ppm_web.models.catalog import (
    ROOT_CATEGORY_ID,
    ROOT_CATEGORY_NAME,
    Category,
    CategoryText,
    ImageFile,
    Manufacturer,
    Product,
    ProductCategory,
    ProductImage,
    ProductText,
)
from ppm_web.models.failure import FailedJob, FailureCause
from ppm_web.models.image import RemoteImage
from ppm_web.models.schedule import Schedule, ScheduleRun, ScheduleRunState
from ppm_web.models.shop import MappingKind, PrestaShopShop, ShopMapping
from ppm_web.models.skus import cleaned_sku, sku_key, unseen_in
from ppm_web.models.survey import ShopSurvey, SurveyState
from ppm_web.models.sync import (
    HIGHEST_PRIORITY,
    LOWEST_PRIORITY,
    NORMAL_PRIORITY,
    CategorySyncStatus,
    ProductSyncStatus,
    SyncLog,
    SyncState,
)
from ppm_web.models.types import now
from ppm_web.models.user import Role, User

__all__ = [
    "HIGHEST_PRIORITY",
    "LOWEST_PRIORITY",
    "NORMAL_PRIORITY",
    "ROOT_CATEGORY_ID",
    "ROOT_CATEGORY_NAME",
    "AuditEntry",
    "BatchItem",
    "BatchState",
    "Category",
    "CategorySyncStatus",
    "CategoryText",
    "FailedJob",
    "FailureCause",
    "ImageFile",
    "ItemOutcome",
    "JobBatch",
    "Manufacturer",
    "MappingKind",
    "PrestaShopShop",
    "Product",
    "ProductCategory",
    "ProductImage",
    "ProductSyncStatus",
    "ProductText",
    "RemoteImage",
    "Role",
    "Schedule",
    "ScheduleRun",
    "ScheduleRunState",
    "ShopMapping",
    "ShopSurvey",
    "SurveyState",
    "SyncLog",
    "SyncState",
    "User",
    "cleaned_sku",
    "now",
    "sku_key",
    "unseen_in",
]
