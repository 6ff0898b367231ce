"""ModelError
├── ConfigError          a preset's numbers contradict each other, or no preset has that name
├── BackendError         the array backend that was asked for is not installed
├── CorpusError          a corpus folder has no text that can be trained on
├── ResumeError          a training state is missing, damaged or of another preset
├── CheckpointError      a checkpoint is missing, cut short, changed or of another preset or version
├── EmbedderFileError    an embedder file is missing, cut short, changed or of another version
├── SentenceHeadError    a sentence head is missing, cut short, changed or of another checkpoint
└── PatcherError         the patcher cannot be built or calibrated from that text
"""


class ModelError(Exception):
    """Stand above every error of selfd_models that a caller can expect."""


class ConfigError(ModelError):
    """Say that a preset's numbers contradict each other, or that no preset has that name."""


class BackendError(ModelError):
    """Say that the array backend that was asked for is not installed."""


class CorpusError(ModelError):
    """Say that a corpus folder has no text that can be trained on."""


class ResumeError(ModelError):
    """Say that a training state is missing, damaged or of another preset."""


class CheckpointError(ModelError):
    """Say that a checkpoint is missing, cut short, changed, or of another preset or version."""


class PatcherError(ModelError):
    """Say that the patcher cannot be built or calibrated from that text."""


class EmbedderFileError(ModelError):
    """Say that an embedder file is missing, cut short, changed or of another version."""


class SentenceHeadError(ModelError):
    """Say that a sentence head is missing, cut short, changed or of another checkpoint."""
