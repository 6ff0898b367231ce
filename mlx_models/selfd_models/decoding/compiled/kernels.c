/* The byte hybrid row by row and patch by patch: what numpy_engine.py says, in one call each.

   weights.py lays the weights out, reader.py and engine.py call; the tests hold it against the layers
   as they are written. A row's arithmetic knows nothing of other rows, so that it is the same to the
   bit alone and in a tile. Nothing is allocated and nothing is kept: scratch lies on the stack of a
   call, `Model.scratch` floats for each vector. */

#include "arithmetic.h"
#include "latent.h"
#include "bytes.h"
#include "reading.h"
