"""The two views of the store: Reader for a snapshot, Transaction for one unit of writing; the topics are in their own modules."""

from __future__ import annotations

from engine.store.ahead import AheadReader
from engine.store.answers import AnswerWriter
from engine.store.case_reading import CaseReader
from engine.store.catalog import CatalogReader, CatalogWriter
from engine.store.checkpoints import CheckpointReader, CheckpointWriter
from engine.store.claiming import EffectClaimer
from engine.store.delegations import DelegationReader, DelegationWriter
from engine.store.deliveries import DeliveryReader, DeliveryWriter
from engine.store.digests import DigestReader, DigestWriter
from engine.store.documents import DocumentReader, DocumentWriter
from engine.store.effects import EffectReader, EffectWriter
from engine.store.fact_reading import FactReader
from engine.store.fact_writing import FactWriter
from engine.store.figures import FigureReader
from engine.store.history_reading import HistoryReader
from engine.store.importing import ImportReader, ImportWriter
from engine.store.incidents import IncidentReader, IncidentWriter
from engine.store.letters import LetterReader, LetterWriter
from engine.store.office import OfficeReader, OfficeWriter
from engine.store.proof_reading import ProofReader
from engine.store.pruning import Pruner, PruneReader
from engine.store.receipts import ReceiptReader, ReceiptWriter
from engine.store.recounts import RecountReader, RecountWriter
from engine.store.sequencing import FeedReader, Sequencer


class Reader(
    CaseReader,
    AheadReader,
    HistoryReader,
    EffectReader,
    FactReader,
    CatalogReader,
    OfficeReader,
    DelegationReader,
    DigestReader,
    DocumentReader,
    DeliveryReader,
    FigureReader,
    IncidentReader,
    ImportReader,
    LetterReader,
    CheckpointReader,
    FeedReader,
    ProofReader,
    PruneReader,
    ReceiptReader,
    RecountReader,
):
    """Everything that can be read; values and records, never rows."""


class Transaction(
    FactWriter,
    AnswerWriter,
    DigestWriter,
    EffectClaimer,
    EffectWriter,
    CatalogWriter,
    ReceiptWriter,
    RecountWriter,
    OfficeWriter,
    DelegationWriter,
    DocumentWriter,
    DeliveryWriter,
    IncidentWriter,
    ImportWriter,
    LetterWriter,
    CheckpointWriter,
    Pruner,
    Sequencer,
    Reader,
):
    """Everything that can be written, in one transaction, beside all reads; these see what it has written.

    Lock order: cases (several: ascending by id), then register entries, then counters. A subscription comes before what it
    is owed; who has one locked locks no case.
    """
