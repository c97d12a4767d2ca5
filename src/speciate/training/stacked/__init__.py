"""The stacked engine: stacks of dense layers as batched tensors, many networks in every call to the device."""
